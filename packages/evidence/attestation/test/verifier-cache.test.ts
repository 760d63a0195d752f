import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedMap } from '@enclos/bounded';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import type { QuoteParts } from '@enclos/sgx';
import { vectors } from '@enclos/testkit';
import {
  createVerifierCache,
  INTEL_SGX_ROOT,
  parseCollateral,
  verifyQuote,
  type QuoteCollateral,
  type QuoteVerdict,
  type Subtle,
} from '../src/index.ts';
import { verifyQuoteSync, type SyncCrypto } from '../src/node.ts';
import type { CertifiedPlatform } from '../src/dcap/platform-chain.ts';
import { cachePartsOf, type VerifierCache } from '../src/dcap/verifier-cache.ts';
import { countingCrypto } from './counting-crypto.ts';
import { pem, readText } from './intel-vectors.ts';
import { makeCrl } from './synthetic-pki.ts';
import { keys, makePlatform, now, type Json, type Platform } from './synthetic-platform.ts';
import { tdBody, tdChanges } from './synthetic-td.ts';

const none = createVerifierCache({ collateral: 0, pckChains: 0, quotingEnclaves: 0 });

/** The status, or the refusal: what may not depend on a cache. */
function outcome({ quote, collateral, roots }: Platform, cache: VerifierCache, at = now): unknown {
  try {
    const { steps: _, ...facts } = verifyQuoteSync(quote, parseCollateral(collateral, { cache }), {
      roots,
      now: at,
      cache,
    });
    return facts;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return [error.code, { ...error.details }];
  }
}

test('all is verified the first time, then two signatures, or one when the quoting enclave is known too', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const run = (cache: VerifierCache): number => {
    const crypto = countingCrypto();
    verifyQuoteSync(quote, parseCollateral(collateral, { cache }), { roots, now, cache, crypto });
    return crypto.counts.verifications;
  };
  // Root, PCK CA, PCK, two CRLs, TCB signer, TCB info, QE identity, QE report, quote.
  const cold = 10;
  const all = createVerifierCache();
  assert.deepEqual([run(all), run(all), run(all)], [cold, 1, 1]);
  const chainsOnly = createVerifierCache({ quotingEnclaves: 0 });
  assert.deepEqual([run(chainsOnly), run(chainsOnly)], [cold, 2]);
  const enclavesOnly = createVerifierCache({ pckChains: 0 });
  assert.deepEqual([run(enclavesOnly), run(enclavesOnly)], [cold, 1]);
  assert.deepEqual([run(none), run(none)], [cold, cold]);
});

test('another quote of a known platform and quoting enclave costs one verification', async () => {
  const cache = createVerifierCache();
  const first = await makePlatform();
  const endorsements = parseCollateral(first.collateral, { cache });
  const { roots } = first;
  verifyQuoteSync(first.quote, endorsements, { roots, now, cache });
  const crypto = countingCrypto();
  // The signature of the quote is random, so that the same content is another quote.
  const changed = first.quote.map((byte, index) => (index === 436 + 63 ? byte ^ 1 : byte));
  assert.throws(
    () => verifyQuoteSync(changed, endorsements, { roots, now, cache, crypto }),
    (error) => {
      assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
      assert.equal(error.details['status'], 'INVALID_QUOTE_SIGNATURE');
      return true;
    },
  );
  assert.equal(crypto.counts.verifications, 1);
});

for (const [what, changes] of [
  ['an SGX quote of version 3', {}],
  ['a quote of a TD 1.5', tdChanges(tdBody('td-1.5'))],
] as const) {
  test(`no changed byte of ${what} is masked by what was verified before`, async () => {
    const platform = await makePlatform(changes);
    const warm = createVerifierCache();
    const verdict = outcome(platform, warm);
    assert.deepEqual(outcome(platform, warm), verdict);
    // Every byte of what is signed and of the signature data up to the chain, and every 7th of the chain.
    const end = platform.quote.length;
    const chainAt = end - 3000;
    for (let index = 0; index < end; index += index < chainAt ? 1 : 7) {
      const quote = platform.quote.map((byte, at) => (at === index ? byte ^ 0x20 : byte));
      const refused = outcome({ ...platform, quote }, warm);
      assert.ok(Array.isArray(refused) || index >= chainAt, `byte ${index} is masked`);
      assert.deepEqual(refused, outcome({ ...platform, quote }, none), `byte ${index} has another outcome`);
    }
    assert.deepEqual(outcome(platform, warm), verdict);
  });
}

test('no changed character of the collateral is masked by what was verified before', async () => {
  const platform = await makePlatform();
  const warm = createVerifierCache();
  const verdict = outcome(platform, warm);
  // The chain beside the PCK CRL is read and not used.
  const fields = Object.keys(platform.collateral).filter((name) => name !== 'pck_crl_issuer_chain');
  assert.equal(fields.length, 8);
  for (const name of fields as (keyof QuoteCollateral)[]) {
    const text = platform.collateral[name] ?? '';
    for (let index = 0; index < text.length; index += Math.max(1, Math.floor(text.length / 60))) {
      const other = text[index] === '1' ? '2' : '1';
      const collateral = { ...platform.collateral, [name]: text.slice(0, index) + other + text.slice(index + 1) };
      const expected = outcome({ ...platform, collateral }, none);
      assert.deepEqual(outcome({ ...platform, collateral }, warm), expected, `${name} at ${index}`);
    }
  }
  assert.deepEqual(outcome(platform, warm), verdict);
});

test('trust in the root is asked for each time, and so is the time', async () => {
  const cache = createVerifierCache();
  const platform = await makePlatform();
  const [root] = platform.roots;
  assert.ok(root !== undefined);
  const endorsements = parseCollateral(platform.collateral, { cache });
  const verify = (roots: Platform['roots'], at = now): ReturnType<typeof verifyQuoteSync> =>
    verifyQuoteSync(platform.quote, endorsements, { roots, now: at, cache });
  assert.deepEqual(verify(platform.roots).collateral.expired, []);
  assert.throws(
    () => verify([INTEL_SGX_ROOT]),
    (error) => isEnclosError(error, 'EVIDENCE_REFUSED'),
  );
  assert.throws(
    () => verify([{ ...root, kind: 'intel' }]),
    (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
  );
  assert.equal(verify(platform.roots, new Date('2026-03-01T00:00:00Z')).collateral.expired.length, 4);
  assert.equal(verify(platform.roots, new Date('2024-12-31T00:00:00Z')).pckNotYetValid, true);
  assert.deepEqual(verify(platform.roots).collateral.expired, []);
});

test('how good a known platform and quoting enclave are is what the collateral at hand calls them', async () => {
  const cache = createVerifierCache();
  const good = await makePlatform();
  const verdict = outcome(good, cache);
  for (const changes of [
    { tcbInfo: levelsCalled('OutOfDate') },
    { qeIdentity: levelsCalled('OutOfDate') },
    { tcbInfo: levelsCalled('Revoked') },
  ]) {
    const { collateral } = await makePlatform(changes);
    const expected = outcome({ ...good, collateral }, none);
    assert.notDeepEqual(expected, verdict);
    assert.deepEqual(outcome({ ...good, collateral }, cache), expected);
    assert.deepEqual(outcome({ ...good, collateral }, cache), expected);
    assert.deepEqual(outcome(good, cache), verdict);
  }
});

/** Signed collateral with the same levels, each of another status. */
function levelsCalled(tcbStatus: string): (good: Json) => Json {
  return (good) => ({
    ...good,
    tcbLevels: (good['tcbLevels'] as readonly Json[]).map((level) => ({ ...level, tcbStatus })),
  });
}

test('a quoting enclave that is not the one of the identity is refused each time, and not remembered', async () => {
  const cache = createVerifierCache();
  const platform = await makePlatform({ qeIdentity: (good) => ({ ...good, isvprodid: 9 }) });
  for (let time = 0; time < 2; time++) {
    assert.deepEqual(outcome(platform, cache), [
      'EVIDENCE_REFUSED',
      { step: 'qe-identity-match', status: 'QE_IDENTITY_MISMATCH' },
    ]);
    assert.equal(cachePartsOf(cache).quotingEnclaves.size, 0);
  }
});

test('a chain that is verified with one collateral is verified anew with another', async () => {
  const cache = createVerifierCache();
  const good = await makePlatform();
  assert.ok(!Array.isArray(outcome(good, cache)));
  const revoked = await makePlatform({ pckCrl: { revoked: [3] } });
  assert.deepEqual(outcome({ ...good, collateral: revoked.collateral }, cache), [
    'EVIDENCE_REFUSED',
    { step: 'pck-revocation', status: 'SGX_PCK_REVOKED' },
  ]);
});

test('what was refused is not remembered', async () => {
  const cache = createVerifierCache();
  const { quote, collateral } = await makePlatform();
  outcome({ quote, collateral, roots: [INTEL_SGX_ROOT] }, cache);
  const { pckChains, quotingEnclaves } = cachePartsOf(cache);
  assert.deepEqual([pckChains.size, quotingEnclaves.size], [0, 0]);
});

test('a cache is bounded in each of its parts, and forgets what rested longest', async () => {
  const cache = createVerifierCache({ collateral: 2, pckChains: 2, quotingEnclaves: 2 });
  const platforms = [];
  for (let serialNumber = 100; serialNumber < 105; serialNumber++) {
    const platform = await makePlatform({ pck: { serialNumber } });
    platforms.push(platform);
    outcome(platform, cache);
    parseCollateral(JSON.stringify(platform.collateral), { cache });
  }
  const { collateral, collateralTexts, pckChains, quotingEnclaves } = cachePartsOf(cache);
  assert.deepEqual([pckChains.size, quotingEnclaves.size, collateralTexts.size], [2, 2, 2]);
  assert.deepEqual(
    platforms.map((platform) => collateral.get(platform.collateral) !== undefined),
    [false, false, false, true, true],
  );
  const map = new BoundedMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.get('a');
  map.set('c', 3);
  assert.deepEqual([map.get('a'), map.get('b'), map.get('c'), map.size], [1, undefined, 3, 2]);
});

test('what is too large to keep is verified each time', async () => {
  const cache = createVerifierCache();
  const platform = await makePlatform({ authDataLength: 20_000 });
  const run = (): number => {
    const crypto = countingCrypto();
    const endorsements = parseCollateral(platform.collateral, { cache });
    verifyQuoteSync(platform.quote, endorsements, { roots: platform.roots, now, cache, crypto });
    return crypto.counts.verifications;
  };
  assert.deepEqual([run(), run()], [10, 2]);
  assert.equal(cachePartsOf(cache).quotingEnclaves.size, 0);
});

test('collateral of the same content is parsed once, as an object and as text', async () => {
  const cache = createVerifierCache();
  const { collateral } = await makePlatform();
  const first = parseCollateral(collateral, { cache });
  assert.equal(parseCollateral({ ...collateral, later: 1 }, { cache }), first);
  const text = JSON.stringify(collateral);
  assert.equal(parseCollateral(text, { cache }), first);
  assert.equal(parseCollateral(`${text} `, { cache }), first);
  assert.notEqual(parseCollateral(collateral, { cache: none }), parseCollateral(collateral, { cache: none }));
  assert.notEqual(parseCollateral(collateral), first);
});

test('collateral that was asked for stays longer', async () => {
  const cache = createVerifierCache({ collateral: 2 });
  const { collateral } = cachePartsOf(cache);
  const made = await Promise.all([100, 101, 102].map((serialNumber) => makePlatform({ signer: { serialNumber } })));
  const [first, second, third] = made.map((platform) => platform.collateral);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  for (const fields of [first, second, first, third]) parseCollateral(fields, { cache });
  assert.deepEqual(
    [first, second, third].map((fields) => collateral.get(fields) !== undefined),
    [true, false, true],
  );
});

/** Collateral of any length: a large revocation list, and line breaks after a chain. */
function paddedWith(collateral: QuoteCollateral): (length: number) => QuoteCollateral {
  const crl = makeCrl({
    issuerName: 'Issuer',
    issuerKey: keys.root,
    thisUpdate: now,
    nextUpdate: now,
    revoked: [],
    extensions: [{ id: '1.2.3', value: new Uint8Array(505_000) }],
  });
  const fields = { ...collateral, pck_crl: toHex(crl) };
  const used = Object.values(fields).reduce((sum, text) => sum + text.length, 0);
  return (length) => ({
    ...fields,
    pck_crl_issuer_chain: `${fields.pck_crl_issuer_chain}${'\n'.repeat(length - used)}`,
  });
}

test('collateral of 1 MiB is remembered, and of one character more is not', async () => {
  const { collateral } = await makePlatform();
  const padded = paddedWith(collateral);
  const text = JSON.stringify(collateral);
  for (const [length, isKept] of [
    [1_048_576, true],
    [1_048_577, false],
  ] as const) {
    const cache = createVerifierCache();
    const parts = cachePartsOf(cache);
    parseCollateral(padded(length), { cache });
    assert.equal(parts.collateral.get(padded(length)) !== undefined, isKept);
    const long = text.padEnd(length);
    parseCollateral(long, { cache });
    assert.equal(parts.collateralTexts.get(long) !== undefined, isKept);
  }
});

test('without limits of the caller a cache keeps 16, 64 and 512, and no limit is over 65536', async () => {
  const { collateral: fields } = await makePlatform();
  const endorsements = parseCollateral(fields);
  const { collateral, collateralTexts, pckChains, quotingEnclaves } = cachePartsOf(createVerifierCache());
  const numbered = (number: number): QuoteCollateral => ({ ...fields, tcb_info: `${number}` });
  for (let number = 0; number < 17; number++) {
    collateral.set(numbered(number), endorsements);
    collateralTexts.set(`${number}`, endorsements);
  }
  assert.deepEqual([collateral.get(numbered(0)), collateral.get(numbered(1))], [undefined, endorsements]);
  assert.equal(collateralTexts.size, 16);
  // How many are kept is asked here, not what.
  const platform = {} as CertifiedPlatform;
  for (let number = 0; number < 513; number++) {
    const content = Uint8Array.of(number % 256, number / 256);
    pckChains.set(fields, content, platform);
    quotingEnclaves.set(fields, content, platform);
  }
  assert.deepEqual([pckChains.size, quotingEnclaves.size], [64, 512]);
  createVerifierCache({ collateral: 65_536, pckChains: 65_536, quotingEnclaves: 65_536 });
});

test('a cache of another origin or without sense is misuse', async () => {
  const { collateral } = await makePlatform();
  const misused = (error: unknown): boolean => isEnclosError(error, 'VERIFIER_MISUSED');
  assert.throws(() => parseCollateral(collateral, { cache: { ...none } }), misused);
  for (const limit of [-1, 1.5, Number.NaN, 65_537]) {
    for (const name of ['collateral', 'pckChains', 'quotingEnclaves']) {
      assert.throws(() => createVerifierCache({ [name]: limit }), misused);
    }
  }
});

test('an implementation of cryptography that calls everything good spoils no other’s cache', async () => {
  const forged = await makePlatform({ signer: { issuerKey: keys.other } });
  const endorsements = parseCollateral(forged.collateral);
  const { roots } = forged;
  const credulous = { ...countingCrypto(), verify: (() => true) as SyncCrypto['verify'] };
  assert.ok(verifyQuoteSync(forged.quote, endorsements, { roots, now, crypto: credulous }));
  assert.ok(verifyQuoteSync(forged.quote, endorsements, { roots, now, crypto: credulous }));
  const refused = (error: unknown): boolean => isEnclosError(error, 'EVIDENCE_REFUSED');
  assert.throws(() => verifyQuoteSync(forged.quote, endorsements, { roots, now }), refused);
  assert.throws(() => verifyQuoteSync(forged.quote, endorsements, { roots, now, crypto: countingCrypto() }), refused);
  await assert.rejects(verifyQuote(forged.quote, endorsements, { roots, now }), refused);
});

test('with WebCrypto of the caller the same: a cache of its own, unless one is given', async () => {
  const forged = await makePlatform({ signer: { issuerKey: keys.other } });
  const endorsements = parseCollateral(forged.collateral);
  const { roots } = forged;
  const credulous: Subtle = {
    digest: async (...inputs) => crypto.subtle.digest(...inputs),
    verify: async () => true,
    importKey: ((...inputs: Parameters<Subtle['importKey']>) =>
      crypto.subtle.importKey(...inputs)) as Subtle['importKey'],
  };
  const refused = (error: unknown): boolean => isEnclosError(error, 'EVIDENCE_REFUSED');
  assert.ok(await verifyQuote(forged.quote, endorsements, { roots, now, subtle: credulous }));
  await assert.rejects(verifyQuote(forged.quote, endorsements, { roots, now }), refused);
  const cache = createVerifierCache();
  assert.ok(await verifyQuote(forged.quote, endorsements, { roots, now, subtle: credulous, cache }));
  const { pckChains, quotingEnclaves } = cachePartsOf(cache);
  assert.deepEqual([pckChains.size, quotingEnclaves.size], [1, 1]);
});

test('a quoting enclave that one PCK vouches for is not vouched for by another', async () => {
  let parts: QuoteParts | undefined;
  const keep = (good: QuoteParts): QuoteParts => (parts = good);
  const first = await makePlatform({ quote: keep });
  const cache = createVerifierCache();
  assert.ok(!Array.isArray(outcome(first, cache)));
  // The same report, signature and key, under a chain of the same CA with another PCK.
  const second = await makePlatform({
    pck: { key: keys.other },
    quote: (good) => {
      assert.ok(parts !== undefined);
      const { certificationData } = good.signature;
      return { ...parts, signature: { ...parts.signature, certificationData } };
    },
  });
  assert.deepEqual(outcome(second, cache), [
    'EVIDENCE_REFUSED',
    { step: 'qe-report-signature', status: 'INVALID_QE_REPORT_SIGNATURE' },
  ]);
});

test('a chain that comes with the collateral is part of what the collateral is known by', async () => {
  let chain: readonly Uint8Array[] = [];
  const { quote, collateral, roots } = await makePlatform({
    pckChain: (good) => (chain = good),
    quote: (good) => ({ ...good, signature: { ...good.signature, certificationDataType: 2 } }),
  });
  const cache = createVerifierCache();
  const supplied = (certificates: readonly Uint8Array[]): unknown =>
    outcome(
      { quote, roots, collateral: { ...collateral, pck_certificate_chain: certificates.map(pem).join('') } },
      cache,
    );
  assert.ok(!Array.isArray(supplied(chain)));
  assert.deepEqual(supplied(chain.slice(1)), [
    'EVIDENCE_REFUSED',
    { step: 'pck-chain-shape', status: 'UNSUPPORTED_CERT_FORMAT' },
  ]);
  assert.deepEqual(outcome({ quote, roots, collateral }, cache), [
    'EVIDENCE_REFUSED',
    { step: 'quote-format', status: 'MISSING_PARAMETERS' },
  ]);
});

for (const [order, isSuppliedFirst] of [
  ['after', true],
  ['before', false],
] as const) {
  test(`a quote that carries no byte of its chain is refused, ${order} one whose chain comes with the collateral`, async () => {
    let chain: readonly Uint8Array[] = [];
    const { quote, collateral, roots } = await makePlatform({
      pckChain: (good) => (chain = good),
      quote: (good) => ({
        ...good,
        signature: { ...good.signature, certificationDataType: 2, certificationData: new Uint8Array() },
      }),
    });
    const whole = { quote, roots, collateral: { ...collateral, pck_certificate_chain: chain.map(pem).join('') } };
    // The same quote says that it carries the chain (type 5), of no bytes (u32).
    const bare = { ...whole, quote: quote.with(quote.length - 6, 5) };
    const cache = createVerifierCache();
    const refused = ['EVIDENCE_REFUSED', { step: 'quote-format', status: 'UNSUPPORTED_CERT_FORMAT' }];
    if (isSuppliedFirst) assert.ok(!Array.isArray(outcome(whole, cache)));
    assert.deepEqual(outcome(bare, cache), refused);
    assert.deepEqual(outcome(bare, cache), refused);
    const verdict = outcome(whole, cache);
    assert.deepEqual(verdict, outcome(whole, none));
    assert.deepEqual(outcome(bare, cache), refused);
    // And the chain that was supplied is remembered.
    assert.equal(cachePartsOf(cache).pckChains.size, 1);
  });
}

test('a chain that comes with the collateral is verified once', async () => {
  let chain: readonly Uint8Array[] = [];
  const { quote, collateral, roots } = await makePlatform({
    pckChain: (good) => (chain = good),
    quote: (good) => ({ ...good, signature: { ...good.signature, certificationDataType: 2 } }),
  });
  const cache = createVerifierCache({ quotingEnclaves: 0 });
  const supplied = { ...collateral, pck_certificate_chain: chain.map(pem).join('') };
  const run = (): number => {
    const crypto = countingCrypto();
    verifyQuoteSync(quote, parseCollateral(supplied, { cache }), { roots, now, cache, crypto });
    return crypto.counts.verifications;
  };
  assert.deepEqual([run(), run()], [10, 2]);
});

test('a key whose import failed is imported again', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const endorsements = parseCollateral(collateral);
  let failures = 1;
  const subtle: Subtle = {
    digest: async (...inputs) => crypto.subtle.digest(...inputs),
    verify: async (...inputs) => crypto.subtle.verify(...inputs),
    importKey: (async (...inputs: Parameters<Subtle['importKey']>) => {
      if (failures-- > 0) throw new Error('out of memory');
      return crypto.subtle.importKey(...inputs);
    }) as Subtle['importKey'],
  };
  const verify = async (): Promise<QuoteVerdict> => verifyQuote(quote, endorsements, { roots, now, subtle });
  await assert.rejects(verify(), (error) => isEnclosError(error, 'EVIDENCE_REFUSED'));
  assert.equal((await verify()).status, 'CONFIGURATION_NEEDED');
});

vectors.test('a curated real case gives the same from a cache', () => {
  const quote = vectors.read('dcap/vectors/tdx-v5-td-relaunch-advised/quote.bin');
  const text = readText('dcap/vectors/tdx-v5-td-relaunch-advised/collateral.json');
  const cache = createVerifierCache();
  const run = (): unknown => ({
    ...verifyQuoteSync(quote, parseCollateral(text, { cache }), {
      roots: [INTEL_SGX_ROOT],
      now: new Date('2026-03-05T10:50:03Z'),
      cache,
    }),
  });
  assert.deepEqual(run(), run());
});
