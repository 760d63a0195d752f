import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  appraise,
  boundReportData,
  parseCollateral,
  softwareRoot,
  verifyQuote,
  type QuoteVerdict,
  type SgxPolicy,
} from '@enclos/attestation';
import { concatBytes, toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { loadEnclave, type Enclave } from '@enclos/host';
import { encodeKeyRequest, encodeTargetInfo, KeyName, parseQuoteV3, parseReport } from '@enclos/sgx';
import { singleUserAdvisory, type EmbeddedPlatform } from '@enclos/software-sgx';
import { raw } from '@enclos/process-kit/enclaves/raw';
import {
  createWorkshop,
  flipped,
  foreignOutcome,
  loadProbe,
  outcome,
  refusedWith,
  type Probe,
} from '@enclos/process-kit';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let elsewhere: EmbeddedPlatform;
let production: Probe;
before(async () => {
  platform = await workshop.startPlatform('here');
  elsewhere = await workshop.startPlatform('elsewhere');
  production = await loadProbe(platform, await workshop.signed('probe'));
});
after(async () => {
  await production.dispose();
  await workshop.close();
});

const purpose = 'integration test v1';
const nonce = new Uint8Array(randomBytes(32));
const key = utf8('the public key of the enclave');

async function rootOf(of: EmbeddedPlatform) {
  return softwareRoot((await of.describe()).rootCertificate);
}

async function verdictOf(quote: Uint8Array, options: { root?: EmbeddedPlatform } = {}): Promise<QuoteVerdict> {
  const endorsements = parseCollateral(JSON.parse(await platform.endorsements()));
  const roots = [await rootOf(options.root ?? platform)];
  return verifyQuote(quote, endorsements, { roots, now: new Date() });
}

async function policyFor(changes: Partial<SgxPolicy> = {}): Promise<SgxPolicy> {
  return {
    mrEnclave: [toHex(production.identity.mrEnclave)],
    minimumSecurityVersion: 3,
    acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: [singleUserAdvisory],
    intelRoot: false,
    softwareRoots: [(await rootOf(platform)).fingerprint],
    ...changes,
  };
}

/** The rule that a policy refuses a verdict by, or `accepted`. */
function rule(
  verdict: QuoteVerdict,
  policy: SgxPolicy,
  binding: Parameters<typeof appraise>[2],
): string | number | boolean | readonly string[] {
  try {
    appraise(verdict, policy, binding, { now: new Date() });
    return 'accepted';
  } catch (error) {
    if (isEnclosError(error, 'APPRAISAL_REFUSED')) return error.details['field'] ?? '';
    throw error;
  }
}

describe('a quote of a production enclave', () => {
  let quote: Uint8Array;
  let verdict: QuoteVerdict;
  let binding: { readonly reportData: Uint8Array };
  before(async () => {
    quote = await production.call.quote({ purpose, nonce, key });
    verdict = await verdictOf(quote);
    binding = { reportData: await boundReportData({ purpose, nonce, key }) };
  });

  test('verifies against the endorsements of its platform, which say that it is single-user', () => {
    assert.equal(verdict.status, 'CONFIGURATION_NEEDED');
    assert.deepEqual(verdict.advisoryIds, [singleUserAdvisory]);
    assert.equal(verdict.root.kind, 'software');
    assert.ok(verdict.tee === 'sgx');
    assert.equal(verdict.report.mrEnclave, toHex(production.identity.mrEnclave));
    assert.equal(verdict.report.mrSigner, toHex(production.identity.mrSigner));
  });

  test('is accepted where its root is listed, and only there', async () => {
    assert.equal(rule(verdict, await policyFor(), binding), 'accepted');
    assert.equal(rule(verdict, await policyFor({ softwareRoots: [] }), binding), 'softwareRoots');
    const others = [(await rootOf(elsewhere)).fingerprint];
    assert.equal(rule(verdict, await policyFor({ softwareRoots: others }), binding), 'softwareRoots');
    const { softwareRoots: _, ...unlisted } = await policyFor({ intelRoot: true });
    assert.equal(rule(verdict, unlisted, binding), 'softwareRoots');
  });

  test('is accepted only by a policy that names single-user mode', async () => {
    assert.equal(rule(verdict, await policyFor({ acceptedStatuses: ['OK'] }), binding), 'acceptedStatuses');
    assert.equal(rule(verdict, await policyFor({ acceptedAdvisoryIds: [] }), binding), 'acceptedAdvisoryIds');
  });

  test('is refused for another identity than the policy names', async () => {
    const other = 'ab'.repeat(32);
    assert.equal(rule(verdict, await policyFor({ mrEnclave: [other] }), binding), 'mrEnclave');
    assert.equal(rule(verdict, await policyFor({ mrSigner: [other], productId: 11 }), binding), 'mrSigner');
    assert.equal(rule(verdict, await policyFor({ productId: 12 }), binding), 'productId');
    assert.equal(rule(verdict, await policyFor({ minimumSecurityVersion: 4 }), binding), 'minimumSecurityVersion');
  });

  test('is refused for another nonce, key or purpose, and without one of them', async () => {
    const policy = await policyFor();
    const otherNonce = new Uint8Array(randomBytes(32));
    for (const inputs of [
      { purpose, nonce: otherNonce, key },
      { purpose, nonce, key: utf8('another key') },
      { purpose, nonce },
      { purpose: 'integration test v2', nonce, key },
    ]) {
      assert.equal(rule(verdict, policy, { reportData: await boundReportData(inputs) }), 'binding');
    }
    assert.equal(rule(verdict, policy, { reportData: new Uint8Array(64) }), 'binding');
  });

  test("does not verify to another vendor's root", async () => {
    await assert.rejects(verdictOf(quote, { root: elsewhere }), refusedWith('EVIDENCE_REFUSED'));
  });

  test('does not verify with a changed byte in the report or its signature', async () => {
    // Header 48, report body 384, length 4, signature and key 128.
    for (const position of [48, 48 + 64, 48 + 320, 432 + 4, 432 + 4 + 64]) {
      await assert.rejects(verdictOf(flipped(quote, position)), refusedWith('EVIDENCE_REFUSED'));
    }
  });

  test('is refused a nonce that is too short to be a challenge', async () => {
    assert.equal(
      await outcome(production.call.quote({ purpose, nonce: new Uint8Array(15), key: undefined })),
      'ENCLAVE_CALL_FAILED',
    );
  });
});

test("a debug enclave's quote verifies, and no default policy accepts it", async () => {
  const debug = await loadProbe(platform, await workshop.signed('probe', { debug: true }));
  try {
    const verdict = await verdictOf(await debug.call.quote({ purpose, nonce, key }));
    const binding = { reportData: await boundReportData({ purpose, nonce, key }) };
    const policy = await policyFor({ mrEnclave: [toHex(debug.identity.mrEnclave)] });
    assert.equal(rule(verdict, policy, binding), 'allowDebug');
    assert.equal(rule(verdict, { ...policy, allowDebug: true }, binding), 'accepted');
  } finally {
    await debug.dispose();
  }
});

describe('an enclave without a trusted runtime, that asks the platform for anything', () => {
  type Raw = Enclave<(typeof raw)['trusted']>;
  let hostile: Raw;
  let away: Raw;
  const reportData = new Uint8Array(64).fill(0x77);
  before(async () => {
    const signed = await workshop.signed('raw');
    const load = (launcher: EmbeddedPlatform): Promise<Raw> =>
      loadEnclave({ ...signed, launcher, interface: raw, isolation: 'best', untrusted: {} });
    hostile = await load(platform);
    away = await load(elsewhere);
  });
  after(async () => {
    await hostile.dispose();
    await away.dispose();
  });

  async function ownReport(): Promise<Uint8Array> {
    return hostile.call.report({ targetInfo: await hostile.call.quotingTarget(), reportData });
  }
  const quoteOver = (report: Uint8Array) => foreignOutcome(hostile.call.quote({ report }));

  test('gets a quote over its own genuine report, in its own name', async () => {
    const quote = await hostile.call.quote({ report: await ownReport() });
    assert.deepEqual(parseQuoteV3(quote).reportBody.mrEnclave, hostile.identity.mrEnclave);
    assert.ok(await verdictOf(quote));
  });

  test('gets none over a changed byte of it', async () => {
    const report = await ownReport();
    for (let position = 0; position < report.length; position++) {
      assert.equal(await quoteOver(flipped(report, position)), 'QUOTE_REPORT_REFUSED', `byte ${position}`);
    }
  });

  test('gets none over a body in the name of another enclave', async () => {
    const report = await ownReport();
    const named = concatBytes(report.subarray(0, 64), production.identity.mrEnclave, report.subarray(96));
    assert.equal(await quoteOver(named), 'QUOTE_REPORT_REFUSED');
  });

  test('gets none over a report for another target than the quoting enclave', async () => {
    for (const targetInfo of [new Uint8Array(512), await production.call.targetInfo()]) {
      assert.equal(await quoteOver(await hostile.call.report({ targetInfo, reportData })), 'QUOTE_REPORT_REFUSED');
    }
  });

  test('gets none over a report of the same enclave on another machine', async () => {
    const targetInfo = await hostile.call.quotingTarget();
    assert.equal(await quoteOver(await away.call.report({ targetInfo, reportData })), 'QUOTE_REPORT_REFUSED');
  });

  test("gets no key of another enclave's reports, nor a provisioning key", async () => {
    const { keyId } = parseReport(await ownReport());
    const request = {
      keyName: KeyName.REPORT,
      keyPolicy: 0,
      isvSvn: 0,
      cpuSvn: (await production.call.identity()).cpuSvn,
      attributeMask: { flags: 0n, xfrm: 0n },
      keyId,
      miscMask: 0,
      configSvn: 0,
    };
    const ask = (keyName: number) =>
      foreignOutcome(hostile.call.key({ request: encodeKeyRequest({ ...request, keyName }) }));
    assert.equal(await ask(KeyName.REPORT), 'accepted');
    for (const keyName of [KeyName.PROVISION, KeyName.PROVISION_SEAL, KeyName.EINITTOKEN]) {
      assert.equal(await ask(keyName), 'KEY_NOT_PERMITTED');
    }
    assert.equal(await ask(5), 'KEY_REQUEST_INVALID');
  });

  test('is refused a malformed target', async () => {
    const targetInfo = encodeTargetInfo({
      mrEnclave: new Uint8Array(32),
      attributes: { flags: 0n, xfrm: 0n },
      configSvn: 0,
      miscSelect: 0,
      configId: new Uint8Array(64),
    }).with(511, 1);
    assert.equal(await foreignOutcome(hostile.call.report({ targetInfo, reportData })), 'REPORT_REQUEST_INVALID');
  });

  test('gets, over a report that another enclave made for quoting, a quote that names the other', async () => {
    const targetInfo = await hostile.call.quotingTarget();
    const report = await production.call.createReport({ target: targetInfo, reportData });
    const quote = await hostile.call.quote({ report });
    assert.deepEqual(parseQuoteV3(quote).reportBody.mrEnclave, production.identity.mrEnclave);
  });
});
