import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  AMD_GENOA_ROOT,
  AMD_MILAN_ROOT,
  AMD_TURIN_ROOT,
  amdKeyServiceUrls,
  isVerifiedSnpEvidence,
  parseSnpCollateral,
  parsePolicy,
  verifySnpReport,
  type SnpCollateral,
  type SnpPolicy,
} from '../../src/index.ts';
import { runSync } from '../../src/crypto/node-crypto.ts';
import { parseAmdCertificate } from '../../src/snp/certificate.ts';
import { parseAmdExtensions } from '../../src/snp/extensions.ts';
import { snpProducts } from '../../src/snp/product.ts';
import { findSnpRoot } from '../../src/snp/roots.ts';
import { bitString, integer, objectIdentifier, sequence, tlv } from '../der-writer.ts';
import type { ExtensionSpec } from '../synthetic-pki.ts';
import { amdIds, ia5, keys, makeAmdCertificate, vcekExtensions } from './synthetic-pki.ts';
import { goodCertificates, makeSnpPlatform, now, snpRoot, vlek, withExtension } from './synthetic-platform.ts';
import { goodReport, hardwareId, makeReport } from './synthetic-report.ts';

const isCodecError = (error: unknown): boolean => isEnclosError(error) && error.code.startsWith('CODEC_');
const isMisuse = (error: unknown): boolean => isEnclosError(error, 'VERIFIER_MISUSED');

function certificateWith(spki: Uint8Array): Uint8Array {
  return makeAmdCertificate({
    commonName: 'SEV-VCEK',
    issuerName: 'SEV-Milan',
    serialNumber: 1,
    notBefore: now,
    notAfter: now,
    spki,
    issuerKey: keys.ask,
    extensions: vcekExtensions(hardwareId),
  });
}

test('a public key of AMD has nothing behind any of its parts', () => {
  const point = bitString(keys.vcek.spki.subarray(-97));
  const modulus = integer(new Uint8Array(512).fill(0xff));
  const curve = [objectIdentifier('1.2.840.10045.2.1'), objectIdentifier('1.3.132.0.34')];
  const rsa = [objectIdentifier('1.2.840.113549.1.1.1'), tlv(0x05)];
  const rsaKey = sequence(modulus, integer(65_537));
  parseAmdCertificate(certificateWith(sequence(sequence(...curve), point)));
  parseAmdCertificate(certificateWith(sequence(sequence(...rsa), bitString(rsaKey))));
  const lowest = integer(new Uint8Array(512).with(0, 0x80));
  parseAmdCertificate(certificateWith(sequence(sequence(...rsa), bitString(sequence(lowest, integer(65_537))))));
  const wrong: readonly Uint8Array[] = [
    // id-ecDH (RFC 5480 section 2.1.2) with the right curve.
    sequence(sequence(objectIdentifier('1.3.132.1.12'), objectIdentifier('1.3.132.0.34')), point),
    sequence(sequence(...curve, integer(1)), point),
    sequence(sequence(...curve), point, integer(1)),
    sequence(sequence(...curve), bitString(concatBytes(keys.vcek.spki.subarray(-97), Uint8Array.of(0)))),
    sequence(sequence(...rsa, integer(1)), bitString(rsaKey)),
    sequence(sequence(...rsa), bitString(concatBytes(rsaKey, Uint8Array.of(5, 0)))),
    sequence(sequence(...rsa), bitString(sequence(integer(new Uint8Array(513).fill(0x7f)), integer(65_537)))),
    sequence(sequence(...rsa), bitString(sequence(integer(new Uint8Array(511).fill(0xff)), integer(65_537)))),
  ];
  for (const spki of wrong) assert.throws(() => parseAmdCertificate(certificateWith(spki)), isCodecError);
});

/** The extensions of a VCEK, some of them other ones; undefined leaves one out. */
function extensionsWith(changes: Readonly<Record<string, Uint8Array | undefined>>): ReadonlyMap<string, Uint8Array> {
  const good = vcekExtensions(hardwareId).map(({ id, value }: ExtensionSpec) => [id, value] as const);
  const entries = Object.entries({ ...Object.fromEntries(good), ...changes });
  return new Map(entries.filter((entry): entry is [string, Uint8Array] => entry[1] !== undefined));
}

test('what AMD says about a key within its bounds', () => {
  const provider = { [amdIds.hardwareId]: undefined, [amdIds.cspId]: ia5('A'.repeat(256)) };
  const ofProvider = parseAmdExtensions(extensionsWith(provider), 'VLEK');
  assert.ok(ofProvider.kind === 'VLEK' && ofProvider.cspId.length === 256);
  assert.throws(
    () => parseAmdExtensions(extensionsWith({ ...provider, [amdIds.cspId]: ia5('A'.repeat(257)) }), 'VLEK'),
    isCodecError,
  );
  const highest = extensionsWith({ [amdIds.tee]: integer(255), [amdIds.productName]: ia5(`Milan-${'B'.repeat(58)}`) });
  assert.equal(parseAmdExtensions(highest, 'VCEK').tcb.tee, 255);
  for (const wrong of [
    { [amdIds.productName]: ia5(`Milan-${'B'.repeat(59)}`) },
    { [amdIds.structVersion]: integer(256) },
    { [amdIds.productName]: concatBytes(ia5('Milan'), Uint8Array.of(5, 0)) },
  ]) {
    assert.throws(() => parseAmdExtensions(extensionsWith(wrong), 'VCEK'), isCodecError);
  }
});

test('without WebCrypto the caller is told so', async () => {
  const { report, endorsements } = makeSnpPlatform();
  const given = Object.getOwnPropertyDescriptor(globalThis, 'crypto') ?? {};
  Object.defineProperty(globalThis, 'crypto', { value: undefined, configurable: true });
  try {
    await assert.rejects(verifySnpReport(report, endorsements, { roots: [snpRoot], now }), isMisuse);
  } finally {
    Object.defineProperty(globalThis, 'crypto', given);
  }
});

test('only what was appraised is evidence', () => {
  for (const value of [undefined, null, 'evidence', 7, {}]) assert.ok(!isVerifiedSnpEvidence(value));
});

const tcb = { bootloader: 255, tee: 255, snp: 255, microcode: 255 };
const mandatory = {
  tee: 'sev-snp',
  measurements: [goodReport.measurement],
  minimumGuestSvn: 0xffff_ffff,
  vmpl: 3,
  roots: [snpRoot.fingerprint],
  signingKeys: ['VCEK'],
  minimumTcb: { Milan: tcb, Genoa: tcb, Turin: { ...tcb, fmc: 255 } },
  allowSmt: false,
  allowMultipleSockets: false,
} as const satisfies SnpPolicy;
const policy: SnpPolicy = { ...mandatory, expiredCollateralGraceMs: Number.MAX_SAFE_INTEGER };

test('a policy without a rule that it has to have is refused when it is read', () => {
  for (const field of Object.keys(mandatory)) {
    const rules = Object.fromEntries(Object.entries(policy).filter(([name]) => name !== field));
    assert.throws(
      () => parsePolicy(rules),
      (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['field'] === field,
    );
  }
});

test('a rule without a value is refused when a policy is read', () => {
  assert.throws(
    () => parsePolicy({ ...policy, allowDebug: undefined }),
    (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['field'] === 'allowDebug',
  );
});

test('a policy at its bounds', () => {
  assert.deepEqual(parsePolicy(policy), policy);
  const wrong: readonly (readonly [field: string, change: object])[] = [
    ['minimumGuestSvn', { minimumGuestSvn: 0x1_0000_0000 }],
    ['vmpl', { vmpl: 4 }],
    ['minimumTcb.Turin.fmc', { minimumTcb: { Turin: { ...tcb, fmc: 256 } } }],
    ['minimumTcb.Genoa.fmc', { minimumTcb: { Genoa: { ...tcb, fmc: 1 } } }],
    ['roots', { roots: ['00'.repeat(31)] }],
    ['hostData', { hostData: ['00'.repeat(31)] }],
    ['hostData', { hostData: ['00'.repeat(33)] }],
    ['idKeyDigests', { idKeyDigests: ['00'.repeat(47)] }],
    ['authorKeyDigests', { authorKeyDigests: ['00'.repeat(49)] }],
    ['familyIds', { familyIds: ['00'.repeat(15)] }],
    ['imageIds', { imageIds: ['00'.repeat(17)] }],
  ];
  for (const [field, change] of wrong) {
    assert.throws(
      () => parsePolicy({ ...policy, ...change }),
      (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['field'] === field,
    );
  }
});

test('a minimum TCB that leaves a component out is refused: any version of it would pass', () => {
  for (const product of ['Milan', 'Genoa', 'Turin'] as const) {
    for (const component of Object.keys(mandatory.minimumTcb[product])) {
      const rest = Object.fromEntries(
        Object.entries(mandatory.minimumTcb[product]).filter(([name]) => name !== component),
      );
      assert.throws(
        () => parsePolicy({ ...policy, minimumTcb: { [product]: rest } }),
        (error) =>
          isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['field'] === `minimumTcb.${product}.${component}`,
      );
    }
  }
});

test('the key service has no certificate of a provider’s key, and the FMC of a Turin in its query', () => {
  const ofProvider = amdKeyServiceUrls(makeReport(vlek.report));
  assert.deepEqual(ofProvider, {
    certificateChain: 'https://kdsintf.amd.com/vlek/v1/Milan/cert_chain',
    revocationList: 'https://kdsintf.amd.com/vlek/v1/Milan/crl',
  });
  const chipId = 'c1'.repeat(8).padEnd(128, '0');
  const turin = amdKeyServiceUrls(makeReport({ cpuid: [0x1a, 2, 1], chipId, reported: '0102030400000005' }));
  assert.deepEqual(turin, {
    signingKeyCertificate: `https://kdsintf.amd.com/vcek/v1/Turin/${'c1'.repeat(8)}?blSPL=2&teeSPL=3&snpSPL=4&ucodeSPL=5&fmcSPL=1`,
    certificateChain: 'https://kdsintf.amd.com/vcek/v1/Turin/cert_chain',
    revocationList: 'https://kdsintf.amd.com/vcek/v1/Turin/crl',
  });
});

test('the key service is not asked for a provider’s key, also when the report names a chip', () => {
  const urls = amdKeyServiceUrls(makeReport({ ...vlek.report, chipId: goodReport.chipId }));
  assert.equal(urls.signingKeyCertificate, undefined);
});

test('AMD’s keys are those of their products only', () => {
  for (const root of [AMD_MILAN_ROOT, AMD_GENOA_ROOT, AMD_TURIN_ROOT]) {
    const key = fromHex(root.publicKey);
    assert.deepEqual(runSync(findSnpRoot([root], key)), root);
    for (const product of snpProducts.filter((other) => other !== root.product)) {
      assert.throws(() => runSync(findSnpRoot([{ ...root, product }], key)), isMisuse);
    }
  }
});

test('collateral that is none, and lists that are no bytes, are refused by field', () => {
  const { leaf, ask, ark, crl } = goodCertificates;
  const good = { signingKeyCertificate: leaf, certificateChain: [ask, ark] };
  // Untyped on purpose: callers without types may pass anything.
  const wrong: readonly (readonly [field: string, given: unknown])[] = [
    ['signingKeyCertificate', undefined],
    ['signingKeyCertificate', null],
    ['signingKeyCertificate', {}],
    ['certificateChain', { ...good, certificateChain: [ask, ark, ark, ark, ark] }],
    ['certificateChain', { ...good, certificateChain: [ask, Array.from(ark)] }],
    ['revocationList', { ...good, revocationList: null }],
    ['revocationList', { ...good, revocationList: Array.from(crl) }],
  ];
  for (const [field, given] of wrong) {
    assert.throws(
      () => parseSnpCollateral(given as SnpCollateral),
      (error) => isEnclosError(error, 'ENDORSEMENTS_INVALID') && error.details['field'] === field,
    );
  }
  parseSnpCollateral({ ...good, certificateChain: [ask, ark, ark, ark] });
});

test('the authority of a VLEK is refused for a report of a VCEK, by the name of the key', async () => {
  const { endorsements } = makeSnpPlatform(vlek);
  const { report } = makeSnpPlatform();
  await assert.rejects(verifySnpReport(report, endorsements, { roots: [snpRoot], now }), (error) => {
    assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
    assert.deepEqual({ ...error.details }, { step: 'snp-chain-shape', status: 'SNP_SIGNING_KEY_MISMATCH' });
    return true;
  });
});

test('a root whose key is of another kind makes no chain', async () => {
  const { report, endorsements } = makeSnpPlatform({ ark: { spki: keys.vcek.spki } });
  await assert.rejects(verifySnpReport(report, endorsements, { roots: [snpRoot], now }), (error) => {
    assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
    assert.deepEqual({ ...error.details }, { step: 'snp-chain-shape', status: 'SNP_CHAIN_INVALID' });
    return true;
  });
});

test('the first and the last moment count as valid', async () => {
  const { report, endorsements } = makeSnpPlatform();
  const datesAt = async (time: string): Promise<readonly unknown[]> => {
    const { dates } = await verifySnpReport(report, endorsements, { roots: [snpRoot], now: new Date(time) });
    return [dates.notYetValid, dates.expired];
  };
  assert.deepEqual(await datesAt('2026-01-31T23:59:59Z'), [['revocationList'], []]);
  assert.deepEqual(await datesAt('2026-02-01T00:00:00Z'), [[], []]);
  assert.deepEqual(await datesAt('2026-04-01T00:00:00Z'), [[], []]);
  assert.deepEqual(await datesAt('2026-04-01T00:00:01Z'), [[], ['revocationList']]);
});

test('the ABI version that a guest asks for is read in both of its parts', async () => {
  const { report, endorsements } = makeSnpPlatform({ report: { policy: 0x3_0237n } });
  const verdict = await verifySnpReport(report, endorsements, { roots: [snpRoot], now });
  assert.deepEqual([verdict.report.policy.abiMajor, verdict.report.policy.abiMinor], [2, 0x37]);
});

test('a hidden chip is told from one whose id begins with zeros', async () => {
  const chipId = `${'00'.repeat(63)}01`;
  const leaf = withExtension('leaf', amdIds.hardwareId, { id: amdIds.hardwareId, value: fromHex(chipId) });
  const { report, endorsements } = makeSnpPlatform({ leaf, report: { chipId } });
  assert.equal((await verifySnpReport(report, endorsements, { roots: [snpRoot], now })).chipIdHidden, false);
  assert.ok(amdKeyServiceUrls(report).signingKeyCertificate?.includes(chipId));
});
