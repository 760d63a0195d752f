import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { vectors } from '@enclos/testkit';
import {
  AMD_GENOA_ROOT,
  AMD_MILAN_ROOT,
  AMD_TURIN_ROOT,
  appraiseSnp,
  createVerifierCache,
  unbound,
  verifySnpReport,
  type SnpPolicy,
  type SnpRoot,
  type SnpVerdict,
  type Subtle,
} from '../../src/index.ts';
import { verifyAzureSnpSync, verifySnpReportSync, type SyncCrypto } from '../../src/node.ts';
import { cacheFor, cachePartsOf, type VerifierCache } from '../../src/dcap/verifier-cache.ts';
import { countingCrypto } from '../counting-crypto.ts';
import { goodRuntime, makeHclReport, makeTpmQuote, reportDataFor } from '../vtpm/synthetic-vtpm.ts';
import { endorsementsOf, reportOf, snpRows } from './snp-vectors.ts';
import { amdIds, keys, makeAmdCrl } from './synthetic-pki.ts';
import {
  goodCertificates,
  makeSnpPlatform,
  now,
  platformOf,
  rootOf,
  snpRoot,
  vlek,
  withExtension,
  type SnpChanges,
  type SnpPlatform,
} from './synthetic-platform.ts';
import { goodReport, makeReport } from './synthetic-report.ts';

const none = createVerifierCache({ amdSignatures: 0 });
const sizeOf = (cache: VerifierCache): number => cachePartsOf(cache).amdSignatures.size;

/** The verdict, or the refusal: what may not depend on a cache. */
function outcome(
  { report, endorsements }: Pick<SnpPlatform, 'report' | 'endorsements'>,
  cache: VerifierCache,
  { roots = [snpRoot], at = now }: { readonly roots?: readonly SnpRoot[]; readonly at?: Date } = {},
): unknown {
  try {
    return { ...verifySnpReportSync(report, endorsements, { roots, now: at, cache }) };
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return [error.code, { ...error.details }];
  }
}

/** How many signatures it takes. */
function signaturesOf({ report, endorsements }: SnpPlatform, cache: VerifierCache): number {
  const crypto = countingCrypto();
  verifySnpReportSync(report, endorsements, { roots: [snpRoot], now, cache, crypto });
  return crypto.counts.verifications;
}

/** Another chip under the same authority. */
function chip(byte: number): SnpChanges {
  const id = byte.toString(16).padStart(2, '0').repeat(64);
  return {
    leaf: {
      serialNumber: byte,
      ...withExtension('leaf', amdIds.hardwareId, { id: amdIds.hardwareId, value: fromHex(id) }),
    },
    report: { chipId: id },
  };
}

test('all is verified the first time, and then the signature of the report alone', () => {
  // Root, authority, signing key, list, report.
  const cold = 5;
  const cache = createVerifierCache();
  const good = makeSnpPlatform();
  assert.deepEqual([signaturesOf(good, cache), signaturesOf(good, cache)], [cold, 1]);
  assert.deepEqual([signaturesOf(good, none), signaturesOf(good, none)], [cold, cold]);
  // Parsed anew it has the same content.
  assert.equal(signaturesOf(makeSnpPlatform({ report: { guestSvn: 9 } }), cache), 1);
  assert.equal(signaturesOf(makeSnpPlatform({ crl: 'none' }), cache), 1);
  assert.equal(sizeOf(cache), 4);
});

test('another chip costs its own certificate, and another list its own signature', () => {
  const cache = createVerifierCache();
  signaturesOf(makeSnpPlatform(), cache);
  assert.equal(signaturesOf(makeSnpPlatform(chip(7)), cache), 2);
  assert.equal(signaturesOf(makeSnpPlatform({ crl: { revoked: [5] } }), cache), 2);
  assert.equal(sizeOf(cache), 6);
});

test('both drivers share what is known, and give one verdict', async () => {
  const cache = createVerifierCache();
  const { report, endorsements } = makeSnpPlatform();
  const cold = verifySnpReportSync(report, endorsements, { roots: [snpRoot], now, cache });
  let verifications = 0;
  const subtle: Subtle = {
    digest: async (...inputs) => webcrypto.subtle.digest(...inputs),
    importKey: webcrypto.subtle.importKey.bind(webcrypto.subtle),
    verify: async (...inputs) => {
      verifications += 1;
      return webcrypto.subtle.verify(...inputs);
    },
  };
  const warm = await verifySnpReport(report, endorsements, { roots: [snpRoot], now, cache, subtle });
  assert.deepEqual(warm, cold);
  assert.equal(verifications, 1);
});

test('without a cache that is given, all calls share one', async () => {
  const [one, other] = [makeSnpPlatform(chip(31)), makeSnpPlatform(chip(32))];
  const shared = cacheFor(undefined);
  verifySnpReportSync(one.report, one.endorsements, { roots: [snpRoot], now });
  await verifySnpReport(other.report, other.endorsements, { roots: [snpRoot], now });
  assert.deepEqual([signaturesOf(one, shared), signaturesOf(other, shared)], [1, 1]);
});

test('no changed byte of certificates, list and report is masked by what was verified before', () => {
  const warm = createVerifierCache();
  const parts = { ...goodCertificates, report: makeReport() };
  const of = (changed: Partial<typeof parts>, cache: VerifierCache): unknown => {
    const { report: bytes, ...certificates } = { ...parts, ...changed };
    try {
      return outcome(platformOf(certificates, bytes), cache);
    } catch (error) {
      assert.ok(isEnclosError(error, 'ENDORSEMENTS_INVALID'));
      return ['malformed'];
    }
  };
  const verdict = of({}, warm);
  assert.ok(!Array.isArray(verdict));
  for (const name of ['leaf', 'ask', 'ark', 'crl', 'report'] as const) {
    for (let index = 0; index < parts[name].length; index += 7) {
      const changed = { [name]: parts[name].map((byte, at) => (at === index ? byte ^ 0x20 : byte)) };
      const refused = of(changed, warm);
      // The root's certificate is signed by the root, so that a changed one is refused as well.
      assert.ok(Array.isArray(refused), `${name} at ${index} is masked`);
      assert.deepEqual(refused, of(changed, none), `${name} at ${index} has another outcome`);
    }
  }
  assert.deepEqual(of({}, warm), verdict);
  assert.equal(sizeOf(warm), 4);
});

test('trust in the root, and its product, are asked for each time', () => {
  const cache = createVerifierCache();
  const good = makeSnpPlatform();
  const attempts = (): readonly unknown[] => [
    outcome(good, cache, { roots: [AMD_MILAN_ROOT] }),
    outcome(good, cache, { roots: [rootOf(keys.ark.spki, 'Turin')] }),
    outcome(good, cache, { roots: [{ ...snpRoot, fingerprint: AMD_MILAN_ROOT.fingerprint }] }),
  ];
  const cold = attempts();
  assert.deepEqual(cold, [
    ['EVIDENCE_REFUSED', { step: 'snp-trusted-root', status: 'SNP_CHAIN_UNTRUSTED' }],
    ['EVIDENCE_REFUSED', { step: 'snp-product', status: 'SNP_PRODUCT_MISMATCH' }],
    ['VERIFIER_MISUSED', {}],
  ]);
  assert.ok(!Array.isArray(outcome(good, cache)));
  assert.deepEqual(attempts(), cold);
});

const policy: SnpPolicy = {
  tee: 'sev-snp',
  measurements: [goodReport.measurement],
  minimumGuestSvn: 0,
  vmpl: 0,
  roots: [snpRoot.fingerprint],
  signingKeys: ['VCEK'],
  minimumTcb: { Milan: { bootloader: 0, tee: 0, snp: 0, microcode: 0 } },
  allowSmt: true,
  allowMultipleSockets: true,
};

test('what has ended or not begun since it was remembered is told, and refused by the policy', () => {
  const cache = createVerifierCache();
  const good = makeSnpPlatform();
  const at = (date: string): SnpVerdict =>
    verifySnpReportSync(good.report, good.endorsements, { roots: [snpRoot], now: new Date(date), cache });
  const ruleOf = (verdict: SnpVerdict): unknown => {
    try {
      appraiseSnp(verdict, policy, unbound('a test'), { now: new Date(verdict.verifiedAt) });
      return 'accepted';
    } catch (error) {
      assert.ok(isEnclosError(error, 'APPRAISAL_REFUSED'));
      return error.details['field'];
    }
  };
  const dated = (date: string): readonly unknown[] => {
    const verdict = at(date);
    return [verdict.dates.expired, verdict.dates.notYetValid, ruleOf(verdict)];
  };
  assert.deepEqual(dated('2026-03-01T00:00:00Z'), [[], [], 'accepted']);
  assert.deepEqual(dated('2026-04-01T00:00:01Z'), [['revocationList'], [], 'expiredCollateralGraceMs']);
  const all = ['rootCertificate', 'intermediateCertificate', 'signingKeyCertificate', 'revocationList'];
  assert.deepEqual(dated('2036-01-01T00:00:00Z'), [all, [], 'expiredCollateralGraceMs']);
  assert.deepEqual(dated('2024-01-01T00:00:00Z'), [[], all, 'allowNotYetValid']);
  assert.deepEqual(dated('2026-03-01T00:00:00Z'), [[], [], 'accepted']);
  assert.equal(sizeOf(cache), 4);
});

test('what is revoked since it was remembered is refused', () => {
  const refusal = (status: string): unknown => ['EVIDENCE_REFUSED', { step: 'snp-revocation', status }];
  const cache = createVerifierCache();
  const { certificates, report } = makeSnpPlatform(chip(77));
  const { leaf, ask, ark } = certificates;
  const listOf = (...revoked: readonly number[]): Uint8Array => makeAmdCrl({ revoked });
  assert.ok(!Array.isArray(outcome(platformOf(certificates, report), cache)));
  assert.equal(sizeOf(cache), 4);
  // Newer lists. The certificates are the same bytes, and known.
  const chipRevoked = platformOf({ leaf, ask, ark, crl: listOf(77) }, report);
  assert.deepEqual(outcome(chipRevoked, cache), refusal('SNP_LEAF_REVOKED'));
  const authorityRevoked = platformOf({ leaf, ask, ark, crl: listOf(0x1_0001) }, report);
  assert.deepEqual(outcome(authorityRevoked, cache), refusal('SNP_INTERMEDIATE_REVOKED'));
  assert.equal(sizeOf(cache), 6);
  // A list that is known, and was good for another chip; the chip is known too, from before there was a list.
  const crl = listOf(79);
  assert.ok(!Array.isArray(outcome(platformOf({ leaf, ask, ark, crl }, report), cache)));
  const other = makeSnpPlatform({ ...chip(79), crl: 'none' });
  assert.ok(!Array.isArray(outcome(other, cache)));
  assert.equal(sizeOf(cache), 8);
  const revoked = platformOf({ ...other.certificates, crl }, other.report);
  assert.deepEqual([outcome(revoked, cache), outcome(chipRevoked, cache)], Array(2).fill(refusal('SNP_LEAF_REVOKED')));
  assert.equal(sizeOf(cache), 8);
  // And all of it is as it was for who is not on a list.
  assert.ok(!Array.isArray(outcome(platformOf(certificates, report), cache)));
});

test('a chain that is known is still of its kind, its product, its TCB and its chip', () => {
  const cache = createVerifierCache();
  assert.ok(!Array.isArray(outcome(makeSnpPlatform(), cache)));
  const attempts: readonly (readonly [report: SnpChanges['report'], status: string])[] = [
    [vlek.report, 'SNP_SIGNING_KEY_MISMATCH'],
    [{ cpuid: [0x19, 0x11, 1] }, 'SNP_PRODUCT_MISMATCH'],
    [{ reported: '04000000000008d9' }, 'SNP_TCB_MISMATCH'],
    [{ chipId: 'c2'.repeat(64) }, 'SNP_CHIP_MISMATCH'],
    [{ key: keys.other }, 'SNP_INVALID_REPORT_SIGNATURE'],
  ];
  for (const [report = {}, status] of attempts) {
    const [code, details] = outcome(makeSnpPlatform({ report }), cache) as [string, { readonly status: string }];
    assert.deepEqual([code, details.status], ['EVIDENCE_REFUSED', status]);
  }
});

test('a signature that is not good is not remembered, and what is good is good under its own key only', () => {
  const cache = createVerifierCache();
  const forged = makeSnpPlatform({ leaf: { issuerKey: keys.ark } });
  const refused = ['EVIDENCE_REFUSED', { step: 'snp-leaf-certificate', status: 'SNP_LEAF_INVALID_ISSUER' }];
  assert.deepEqual([outcome(forged, cache), outcome(forged, cache)], [refused, refused]);
  // Root and authority, which are good.
  assert.equal(sizeOf(cache), 2);
  // The authority's own signature under a root of the same name, and with a key that the caller trusts as well.
  const other = makeSnpPlatform({ ark: { spki: keys.ask.spki, issuerKey: keys.ask } });
  assert.deepEqual(outcome(other, cache, { roots: [snpRoot, rootOf(keys.ask.spki)] }), [
    'EVIDENCE_REFUSED',
    { step: 'snp-intermediate-certificate', status: 'SNP_INTERMEDIATE_INVALID_ISSUER' },
  ]);
  // Nobody's chain fills it, before its root is trusted.
  const untrusted = createVerifierCache();
  outcome(makeSnpPlatform(), untrusted, { roots: [AMD_MILAN_ROOT] });
  assert.equal(sizeOf(untrusted), 0);
});

test('an implementation of cryptography that calls everything good spoils no other’s cache', async () => {
  const { report, endorsements } = makeSnpPlatform({
    ...chip(41),
    leaf: { ...chip(41).leaf, issuerKey: keys.ark },
  });
  const options = { roots: [snpRoot], now };
  const credulous = { ...countingCrypto(), verify: (() => true) as SyncCrypto['verify'] };
  const credulousSubtle: Subtle = {
    digest: async (...inputs) => webcrypto.subtle.digest(...inputs),
    importKey: webcrypto.subtle.importKey.bind(webcrypto.subtle),
    verify: async () => true,
  };
  for (let turn = 0; turn < 2; turn++) {
    assert.ok(verifySnpReportSync(report, endorsements, { ...options, crypto: credulous }));
    assert.ok(await verifySnpReport(report, endorsements, { ...options, subtle: credulousSubtle }));
  }
  const refused = (error: unknown): boolean => isEnclosError(error, 'EVIDENCE_REFUSED');
  assert.throws(() => verifySnpReportSync(report, endorsements, options), refused);
  assert.throws(() => verifySnpReportSync(report, endorsements, { ...options, crypto: countingCrypto() }), refused);
  await assert.rejects(verifySnpReport(report, endorsements, options), refused);
});

test('the cache is bounded, forgets what rested longest, and is right when it has forgotten', () => {
  const cache = createVerifierCache({ amdSignatures: 4 });
  const first = makeSnpPlatform(chip(101));
  assert.deepEqual([signaturesOf(first, cache), sizeOf(cache)], [5, 4]);
  // Whoever has a new certificate each time cannot drive out what everybody shares.
  for (let byte = 102; byte < 106; byte++) {
    assert.deepEqual([signaturesOf(makeSnpPlatform(chip(byte)), cache), sizeOf(cache)], [2, 4]);
  }
  assert.equal(signaturesOf(first, cache), 2);
  assert.deepEqual(outcome(first, cache), outcome(first, none));
  const single = createVerifierCache({ amdSignatures: 1 });
  assert.deepEqual([signaturesOf(first, single), signaturesOf(first, single), sizeOf(single)], [5, 5, 1]);
});

test('a list that is too large to keep is verified each time', () => {
  const cache = createVerifierCache();
  const revoked = Array.from({ length: 1000 }, (_, index) => 0x2_0000 + index);
  const platform = makeSnpPlatform({ crl: { revoked } });
  assert.deepEqual([signaturesOf(platform, cache), signaturesOf(platform, cache), sizeOf(cache)], [5, 2, 3]);
});

test('bytes that change after they were parsed change nothing that is known', () => {
  const cache = createVerifierCache();
  const { leaf, ask, ark, crl } = goodCertificates;
  const mine = { leaf: leaf.slice(), ask: ask.slice(), ark: ark.slice(), crl: crl.slice() };
  const platform = platformOf(mine);
  const verdict = outcome(platform, cache);
  for (const bytes of Object.values(mine)) bytes.fill(0);
  assert.deepEqual([outcome(platform, cache), outcome(makeSnpPlatform(), cache)], [verdict, outcome(platform, none)]);
});

test('a limit that makes no sense is misuse', () => {
  for (const amdSignatures of [-1, 1.5, Number.NaN, 65_537]) {
    assert.throws(
      () => createVerifierCache({ amdSignatures }),
      (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
    );
  }
});

test('evidence of Azure fills the cache that is given, or the one that all share', () => {
  const runtime = JSON.stringify(goodRuntime);
  const evidence = {
    hclReport: makeHclReport(makeReport({ reportData: reportDataFor(runtime) }), runtime),
    tpmQuote: makeTpmQuote(),
  };
  const platform = makeSnpPlatform({ crl: { revoked: [0x5_5555] } });
  const { endorsements } = platform;
  const cache = createVerifierCache();
  const given = verifyAzureSnpSync(evidence, endorsements, { roots: [snpRoot], now, cache });
  assert.equal(sizeOf(cache), 4);
  // The list at least is new to the one that all share.
  assert.ok(signaturesOf(platform, createVerifierCache()) > 1);
  assert.deepEqual(verifyAzureSnpSync(evidence, endorsements, { roots: [snpRoot], now }), given);
  assert.equal(signaturesOf(platform, cacheFor(undefined)), 1);
});

vectors.test('real reports give the same from a cache, in any order', () => {
  const rows = snpRows().filter(({ result }) => result === 'SIG_OK');
  const options = { roots: [AMD_MILAN_ROOT, AMD_GENOA_ROOT, AMD_TURIN_ROOT], now: new Date('2025-06-01T00:00:00Z') };
  const cache = createVerifierCache();
  for (const row of [...rows, ...rows.toReversed()]) {
    const report = reportOf(row);
    const verify = (used: VerifierCache): object => ({
      ...verifySnpReportSync(report, endorsementsOf(row), { ...options, cache: used }),
    });
    assert.deepEqual(verify(cache), verify(none), row.file);
  }
  assert.ok(sizeOf(cache) > 5);
});
