import assert from 'node:assert/strict';
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  INTEL_SGX_ROOT,
  parseCollateral,
  softwareRoot,
  verifyQuote,
  type QuoteCollateral,
  type SgxVerdict,
} from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { endorsementFacts, fetchEndorsements, pccs } from '@enclos/endorsements';
import { encodeAttributes, parseQuoteV3 } from '@enclos/sgx';
import { openVendor, outOfDateAdvisory, revoke, singleUserAdvisory, stateFolders } from '@enclos/software-sgx';
import { connectSoftwarePlatform, type SoftwareLauncher } from '@enclos/tee';
import { createWorkshop, flipped, loadProbe, refusedWith, type Probe } from '@enclos/process-kit';
import {
  fetchWithPeer,
  verifyWithPeer,
  verifyWithPeerForIntel,
  verifyWithWebPeer,
  type PeerVerdict,
} from '@enclos/process-kit/attestation/peer-verifiers';
import { enclosBin, startProgram, type Running } from '@enclos/process-kit/processes/programs';

/**
 * Somebody else's verifier on our evidence: `@phala/dcap-qvl`, which shares no code with ours. It needs nothing from the
 * software platform but the root. Where its rules are others than ours, as its source (`src/verify.js`) has them:
 *
 * - it refuses every debug enclave, which ours reports and leaves to the policy;
 * - it reads the PCK chain from a quote of certification data type 5 only, which ours are;
 * - it takes dates of collateral as the language reads them, and hex or arrays of numbers for bytes.
 */
const workshop = createWorkshop();
const folder = mkdtempSync(join(tmpdir(), 'enclos-peer-'));
const state = join(folder, 'state');
const { vendorFolder } = stateFolders(state);
const running: Running[] = [];

async function enclos(...argv: readonly string[]): Promise<void> {
  const ran = await startProgram([process.execPath, enclosBin, ...argv], { cwd: folder }).ended;
  assert.equal(ran.code, 0, ran.stderr);
}

/** A platform with the collateral service of its vendor. */
async function served(stateFolder: string): Promise<{ readonly launcher: SoftwareLauncher; readonly url: string }> {
  await enclos('platform', 'init', '--state', stateFolder);
  const words = ['platform', 'serve', '--state', stateFolder, '--listen', '127.0.0.1:0'];
  const serving = startProgram([process.execPath, enclosBin, ...words], { cwd: folder });
  running.push(serving);
  const [, socket = '', url = ''] = await serving.until(/socket +(\S+)\s+collateral +(\S+)\n/);
  return { launcher: await connectSoftwarePlatform(socket), url };
}

/** What the endorsements client gets for a quote. */
async function fetched(url: string, quote: Uint8Array): Promise<QuoteCollateral> {
  const facts = endorsementFacts(quote);
  assert.ok(facts.tee === 'sgx');
  return (await fetchEndorsements(facts, { source: pccs({ url }) })).collateral;
}

let here: Awaited<ReturnType<typeof served>>;
let elsewhere: typeof here;
let probe: Probe;
let debugProbe: Probe;
let quote: Uint8Array;
let collateral: QuoteCollateral;
let rootPem: string;
before(async () => {
  here = await served(state);
  elsewhere = await served(join(folder, 'elsewhere'));
  probe = await loadProbe(here.launcher, await workshop.signed('probe'));
  debugProbe = await loadProbe(here.launcher, await workshop.signed('probe', { debug: true }));
  quote = await quoteOf(probe);
  collateral = await fetched(here.url, quote);
  rootPem = (await here.launcher.describe()).rootCertificate;
});
after(async () => {
  await probe?.dispose();
  await debugProbe?.dispose();
  await here?.launcher.close();
  await elsewhere?.launcher.close();
  for (const { child, ended } of running) {
    child.kill('SIGTERM');
    await ended;
  }
  await workshop.close();
  rmSync(folder, { recursive: true, force: true });
});

const quoteOf = (of: Probe): Promise<Uint8Array> =>
  of.call.quote({ purpose: 'independent verifier', nonce: new Uint8Array(randomBytes(32)), key: undefined });

async function ours(of: Uint8Array, with_: QuoteCollateral, now = new Date()): Promise<SgxVerdict> {
  const verdict = await verifyQuote(of, parseCollateral(with_), { roots: [await softwareRoot(rootPem)], now });
  assert.ok(verdict.tee === 'sgx');
  return verdict;
}

const statusNames: Readonly<Record<string, string>> = {
  CONFIGURATION_NEEDED: 'ConfigurationNeeded',
  OUT_OF_DATE_CONFIGURATION_NEEDED: 'OutOfDateConfigurationNeeded',
};

/** Our verdict as far as the peer has one, and in its words. */
function inPeersWords({ status, advisoryIds, report }: SgxVerdict): PeerVerdict {
  const { cpuSvn, miscSelect, attributes, mrEnclave, mrSigner, isvProdId, isvSvn, reportData } = report;
  return {
    status: statusNames[status] ?? status,
    advisoryIds,
    report: {
      cpuSvn,
      miscSelect,
      attributes: toHex(encodeAttributes(attributes)),
      mrEnclave,
      mrSigner,
      isvProdId,
      isvSvn,
      reportData,
    },
  };
}

const at = () => new Date();

describe('@phala/dcap-qvl, given the root of the software platform', () => {
  test('says of a quote what we say: status, advisories and report', async () => {
    const verdict = await ours(quote, collateral);
    assert.equal(verdict.status, 'CONFIGURATION_NEEDED');
    assert.deepEqual(verdict.advisoryIds, [singleUserAdvisory]);
    assert.equal(verdict.report.mrEnclave, toHex(probe.identity.mrEnclave));
    assert.deepEqual(verifyWithPeer({ quote, collateral, now: at() }, rootPem), inPeersWords(verdict));
  });

  test('says the same with what its own client fetches from our service', async () => {
    const facts = endorsementFacts(quote);
    assert.ok(facts.tee === 'sgx' && 'fmspc' in facts);
    const own = await fetchWithPeer(here.url, facts.fmspc);
    assert.deepEqual(
      verifyWithPeer({ quote, collateral: own, now: at() }, rootPem),
      inPeersWords(await ours(quote, collateral)),
    );
  });

  test('refuses a changed byte anywhere before the certificates, as we do', async () => {
    // Header and body 432, length 4, signature, key, QE report and its signature 576, authentication data 34, type and size 6.
    for (let position = 0; position < 1052; position += 3) {
      const changed = flipped(quote, position);
      assert.throws(
        () => verifyWithPeer({ quote: changed, collateral, now: at() }, rootPem),
        Error,
        `byte ${position}`,
      );
      await assert.rejects(ours(changed, collateral), `byte ${position}`);
    }
  });

  test('refuses a changed byte of what the vendor signed, as we do', async () => {
    for (const [name, from, to] of [
      ['tcb_info', '"pcesvn":1', '"pcesvn":0'],
      ['qe_identity', '"isvprodid":1', '"isvprodid":2'],
    ] as const) {
      const changed = { ...collateral, [name]: collateral[name].replace(from, to) };
      assert.notDeepEqual(changed, collateral);
      const refusal = { message: `Signature is invalid for ${name}` };
      assert.throws(() => verifyWithPeer({ quote, collateral: changed, now: at() }, rootPem), refusal);
      await assert.rejects(ours(quote, changed), refusedWith('EVIDENCE_REFUSED'));
    }
  });

  test('refuses it after the collateral has ended, as we do', async () => {
    const now = new Date(Date.now() + 31 * 86_400_000);
    assert.throws(() => verifyWithPeer({ quote, collateral, now }, rootPem), { message: 'TCBInfo expired' });
    // Ours tells how old the collateral is, and the policy decides.
    assert.deepEqual((await ours(quote, collateral, now)).collateral.expired.includes('tcbInfo'), true);
  });

  test('refuses it with the collateral of another vendor, or with another vendor’s root, as we do', async () => {
    const other = await fetched(elsewhere.url, quote);
    const refusal = { message: /^Failed to verify certificate chain/ };
    assert.throws(() => verifyWithPeer({ quote, collateral: other, now: at() }, rootPem), refusal);
    await assert.rejects(ours(quote, other), refusedWith('EVIDENCE_REFUSED'));
    const { rootCertificate } = await elsewhere.launcher.describe();
    assert.throws(() => verifyWithPeer({ quote, collateral, now: at() }, rootCertificate), refusal);
    assert.throws(() => verifyWithPeer({ quote, collateral: other, now: at() }, rootCertificate), refusal);
  });

  test('refuses a debug enclave, which we report', async () => {
    const debugQuote = await quoteOf(debugProbe);
    assert.throws(() => verifyWithPeer({ quote: debugQuote, collateral, now: at() }, rootPem), {
      message: 'Debug mode is enabled',
    });
    const { attributes } = (await ours(debugQuote, collateral)).report;
    assert.notEqual(attributes.flags & 2n, 0n);
  });
});

describe('verifiers for hardware alone', () => {
  test('@phala/dcap-qvl with its own root, which is Intel’s, refuses the quote, as we do', async () => {
    assert.throws(() => verifyWithPeerForIntel({ quote, collateral, now: at() }), {
      message: /^Failed to verify certificate chain/,
    });
    const options = { roots: [INTEL_SGX_ROOT], now: at() };
    await assert.rejects(verifyQuote(quote, parseCollateral(collateral), options), refusedWith('EVIDENCE_REFUSED'));
  });

  test('@phala/dcap-qvl-web, which takes no root but the one compiled into it, refuses the quote', () => {
    assert.throws(
      () => verifyWithWebPeer({ quote, collateral, now: at() }),
      // It throws texts. It does not come further than the chain of the TCB info.
      (thrown) => thrown === 'UnknownRevocationStatus',
    );
  });
});

// Last: these change the vendor for good.
describe('what the vendor says later', () => {
  test('a TCB recovery is in both verdicts', async () => {
    await enclos('platform', 'publish-tcb', `0201${'00'.repeat(13)}`, '--state', state);
    const recovered = await fetched(here.url, quote);
    const verdict = await ours(quote, recovered);
    assert.equal(verdict.status, 'OUT_OF_DATE_CONFIGURATION_NEEDED');
    assert.deepEqual(verdict.advisoryIds, [singleUserAdvisory, outOfDateAdvisory]);
    assert.deepEqual(verifyWithPeer({ quote, collateral: recovered, now: at() }, rootPem), inPeersWords(verdict));
  });

  test('a revoked machine is refused by both', async () => {
    const { certificationData } = parseQuoteV3(quote).signature;
    const { serialNumber } = new X509Certificate(certificationData);
    await revoke(await openVendor(vendorFolder), serialNumber, new Date());
    const revoking = await fetched(here.url, quote);
    assert.throws(() => verifyWithPeer({ quote, collateral: revoking, now: at() }, rootPem), {
      message: 'Certificate is revoked',
    });
    await assert.rejects(ours(quote, revoking), refusedWith('EVIDENCE_REFUSED'));
  });
});
