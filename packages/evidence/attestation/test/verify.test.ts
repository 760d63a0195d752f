import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { concatBytes, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { INTEL_SGX_ROOT, parseCollateral, verificationSteps, verifyQuote, type VerifyOptions } from '../src/index.ts';
import { pem } from './intel-vectors.ts';
import { goodReport, makePlatform, now, trustedRoot, type Changes } from './synthetic-platform.ts';

test('a software platform’s quote verifies, and says what it is', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const verdict = await verifyQuote(quote, parseCollateral(collateral), { roots, now });
  assert.ok(verdict.tee === 'sgx');
  assert.equal(verdict.status, 'CONFIGURATION_NEEDED');
  assert.deepEqual(verdict.advisoryIds, ['ENCLOS-SA-00001']);
  assert.equal(verdict.root.kind, 'software');
  assert.equal(verdict.root.fingerprint, (await trustedRoot).fingerprint);
  assert.equal(verdict.fmspc, '00a0b0c0d0e0');
  assert.equal(verdict.report.mrEnclave, toHex(goodReport.mrEnclave));
  assert.deepEqual(verdict.platform.configuration, { dynamicPlatform: true, cachedKeys: false, smtEnabled: false });
  assert.equal(verdict.platform.sgxType, 'scalable');
  assert.equal(verdict.verifiedAt, '2026-01-15T00:00:00Z');
  assert.deepEqual(verdict.steps, verificationSteps);
  assert.ok(Object.isFrozen(verdict) && Object.isFrozen(verdict.collateral) && Object.isFrozen(verdict.shortfall));
});

test('collateral can come as JSON text, with members that are not known', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const endorsements = parseCollateral(JSON.stringify({ version: 3, later: {}, ...collateral }));
  assert.equal((await verifyQuote(quote, endorsements, { roots, now })).status, 'CONFIGURATION_NEEDED');
});

test('a quote without a chain verifies with one that is supplied', async () => {
  let chain = '';
  const { quote, collateral, roots } = await makePlatform({
    pckChain: (good) => {
      chain = good.map(pem).join('');
      return good;
    },
    quote: (good) => ({
      ...good,
      signature: { ...good.signature, certificationDataType: 2, certificationData: new Uint8Array(404) },
    }),
  });
  const endorsements = parseCollateral({ ...collateral, pck_certificate_chain: chain });
  assert.equal((await verifyQuote(quote, endorsements, { roots, now })).status, 'CONFIGURATION_NEEDED');
});

test('bytes after the quote are refused unless they are expected', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const longer = concatBytes(quote, Uint8Array.of(0));
  const endorsements = parseCollateral(collateral);
  await assert.rejects(verifyQuote(longer, endorsements, { roots, now }), (error) =>
    isEnclosError(error, 'EVIDENCE_REFUSED'),
  );
  const verdict = await verifyQuote(longer, endorsements, { roots, now, allowTrailingBytes: true });
  assert.equal(verdict.status, 'CONFIGURATION_NEEDED');
});

test('a quote of 256 KiB with what follows it is read, and one byte more is not', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const endorsements = parseCollateral(collateral);
  const verify = (length: number): Promise<unknown> =>
    verifyQuote(concatBytes(quote, new Uint8Array(length - quote.length)), endorsements, {
      roots,
      now,
      allowTrailingBytes: true,
    });
  await verify(262_144);
  await assert.rejects(verify(262_145), (error) => isEnclosError(error, 'EVIDENCE_REFUSED'));
});

test('TCB info of another platform is refused with what is other about it', async () => {
  const others = [
    ['FMSPC', { fmspc: '00A0B0C0D0E1' }],
    ['PCEID', { pceId: '0001' }],
  ] as const;
  for (const [what, change] of others) {
    const { quote, collateral, roots } = await makePlatform({ tcbInfo: (good) => ({ ...good, ...change }) });
    await assert.rejects(verifyQuote(quote, parseCollateral(collateral), { roots, now }), (error) => {
      assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED') && error.message.includes(what));
      return true;
    });
  }
});

test('another quoting enclave is refused with what is other about it', async () => {
  const others: readonly (readonly [what: string, changes: Changes])[] = [
    ['role', { qeIdentity: (good) => ({ ...good, id: 'TD_QE' }) }],
    ['MISCSELECT', { qeReport: { miscSelect: 1 } }],
    ['ATTRIBUTES', { qeReport: { attributes: { flags: 0x17n, xfrm: 3n } } }],
    ['MRSIGNER', { qeReport: { mrSigner: new Uint8Array(32) } }],
    ['ISVPRODID', { qeReport: { isvProdId: 2 } }],
  ];
  for (const [what, changes] of others) {
    const { quote, collateral, roots } = await makePlatform(changes);
    await assert.rejects(verifyQuote(quote, parseCollateral(collateral), { roots, now }), (error) => {
      assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED') && error.message.includes(`another ${what} `));
      return true;
    });
  }
});

test('a quote that is too large, cut or of another version is refused as a format', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const endorsements = parseCollateral(collateral);
  const version4 = quote.map((byte, index) => (index === 0 ? 4 : byte));
  const version6 = quote.map((byte, index) => (index === 0 ? 6 : byte));
  for (const bad of [new Uint8Array(262_145), quote.subarray(0, -1), new Uint8Array(), version4, version6]) {
    await assert.rejects(verifyQuote(bad, endorsements, { roots, now }), (error) => {
      assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
      assert.deepEqual({ ...error.details }, { step: 'quote-format', status: 'UNSUPPORTED_QUOTE_FORMAT' });
      return true;
    });
  }
});

test('an attestation key that is no point of the curve is a format error, as in QVL', async () => {
  const notAPoint = new Uint8Array(64).fill(1);
  const digest = createHash('sha256').update(notAPoint).update(new Uint8Array(32).fill(7)).digest();
  const { quote, collateral, roots } = await makePlatform({
    qeReport: { reportData: concatBytes(new Uint8Array(digest), new Uint8Array(32)) },
    quote: (good) => ({ ...good, signature: { ...good.signature, attestationKey: notAPoint } }),
  });
  await assert.rejects(verifyQuote(quote, parseCollateral(collateral), { roots, now }), (error) => {
    assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
    assert.deepEqual({ ...error.details }, { step: 'quote-signature', status: 'UNSUPPORTED_QUOTE_FORMAT' });
    return true;
  });
});

test('no roots, no time, foreign endorsements and a lying root are misuse', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const endorsements = parseCollateral(collateral);
  const [root] = roots;
  assert.ok(root !== undefined);
  const misuses = [
    () => verifyQuote(quote, endorsements, { roots: [], now }),
    () => verifyQuote(quote, endorsements, { roots, now: new Date(Number.NaN) }),
    ...[{}, { roots, now: now.toISOString() }, { roots: new Set(roots), now }, { roots: undefined, now }].map(
      // As from a caller without types.
      (options) => () => verifyQuote(quote, endorsements, options as unknown as VerifyOptions),
    ),
    () => verifyQuote(quote, { ...endorsements }, { roots, now }),
    () => verifyQuote(quote, endorsements, { roots: [{ ...root, kind: 'intel' }], now }),
    () => verifyQuote(quote, endorsements, { roots: [{ ...root, fingerprint: INTEL_SGX_ROOT.fingerprint }], now }),
  ];
  for (const misuse of misuses) await assert.rejects(misuse(), (error) => isEnclosError(error, 'VERIFIER_MISUSED'));
});

test('with only Intel’s root trusted, a software platform is refused', async () => {
  const { quote, collateral } = await makePlatform();
  await assert.rejects(verifyQuote(quote, parseCollateral(collateral), { roots: [INTEL_SGX_ROOT], now }), (error) => {
    assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
    assert.equal(error.details['status'], 'SGX_PCK_CERT_CHAIN_UNTRUSTED');
    return true;
  });
});

test('without WebCrypto the caller is told so, as in a page that is no secure context', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const endorsements = parseCollateral(collateral);
  const given = Object.getOwnPropertyDescriptor(globalThis, 'crypto') ?? {};
  Object.defineProperty(globalThis, 'crypto', { value: undefined, configurable: true });
  try {
    await assert.rejects(verifyQuote(quote, endorsements, { roots, now }), (error) =>
      isEnclosError(error, 'VERIFIER_MISUSED'),
    );
  } finally {
    Object.defineProperty(globalThis, 'crypto', given);
  }
});

test('the caller’s bytes may change while verification is under way', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const pending = verifyQuote(quote, parseCollateral(collateral), { roots, now });
  quote.fill(0);
  assert.equal((await pending).status, 'CONFIGURATION_NEEDED');
});
