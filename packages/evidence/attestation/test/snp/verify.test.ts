import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  AMD_MILAN_ROOT,
  parseSnpCollateral,
  snpVerificationSteps,
  verifySnpReport,
  type SnpCollateral,
  type SnpEndorsements,
  type SnpProduct,
  type SnpVerdict,
} from '../../src/index.ts';
import { verifySnpReportSync } from '../../src/node.ts';
import { integer, octetString } from '../der-writer.ts';
import { pem } from '../intel-vectors.ts';
import { amdIds, ia5, keys, pssAlgorithm } from './synthetic-pki.ts';
import {
  goodCertificates,
  makeSnpPlatform,
  now,
  rootOf,
  snpRoot,
  vlek,
  withExtension,
  type SnpChanges,
} from './synthetic-platform.ts';
import { goodReport, hardwareId, milanTcb } from './synthetic-report.ts';

async function verdictOf(changes: SnpChanges = {}, product: SnpProduct = 'Milan', at = now): Promise<SnpVerdict> {
  const { report, endorsements } = makeSnpPlatform(changes);
  const options = { roots: [rootOf(keys.ask.spki), rootOf(keys.ark.spki, product)], now: at };
  const verdict = await verifySnpReport(report, endorsements, options);
  assert.deepEqual(verifySnpReportSync(report, endorsements, options), verdict);
  return verdict;
}

const milan = { bootloader: 3, tee: 0, snp: 8, microcode: 0xd9 };

test('a verdict says what the report and its certificates say', async () => {
  const verdict = await verdictOf();
  const { report, signingKey, dates } = verdict;
  assert.equal(verdict.tee, 'sev-snp');
  assert.equal(verdict.product, 'Milan');
  assert.equal(verdict.chipIdHidden, false);
  assert.deepEqual(verdict.root, snpRoot);
  assert.equal(verdict.revocation, 'checked');
  assert.equal(verdict.verifiedAt, '2026-03-01T00:00:00Z');
  assert.equal(verdict.steps, snpVerificationSteps);
  assert.deepEqual(signingKey, { kind: 'VCEK', hardwareId, product: 'Milan', productName: 'Milan-B0', tcb: milan });
  assert.deepEqual(report.tcb, { current: milan, reported: milan, committed: milan, launch: milan });
  for (const name of ['reportData', 'measurement', 'hostData', 'idKeyDigest', 'authorKeyDigest', 'chipId'] as const) {
    assert.equal(report[name], goodReport[name], name);
  }
  assert.equal(report.familyId, goodReport.familyId);
  assert.equal(report.imageId, goodReport.imageId);
  assert.equal(report.guestSvn, 7);
  assert.equal(report.vmpl, 0);
  assert.equal(report.version, 3);
  assert.equal(report.authorKeyEnabled, true);
  assert.equal(report.chipKeyMasked, false);
  assert.deepEqual(report.cpuid, { family: 0x19, model: 1, stepping: 1 });
  assert.deepEqual(report.currentFirmware, { major: 1, minor: 55, build: 29 });
  assert.deepEqual(report.committedFirmware, { major: 1, minor: 55, build: 28 });
  assert.equal(report.mitigationVectors, undefined);
  assert.deepEqual(report.policy, {
    raw: '000000000003001f',
    abiMajor: 0,
    abiMinor: 31,
    smtAllowed: true,
    migrationAgentAllowed: false,
    debugAllowed: false,
    singleSocket: false,
    cxlAllowed: false,
    memoryAes256Xts: false,
    raplDisabled: false,
    ciphertextHiding: false,
    pageSwapDisabled: false,
  });
  assert.deepEqual(report.platformInfo, {
    raw: '0000000000000025',
    smtEnabled: true,
    tsmeEnabled: false,
    eccEnabled: true,
    raplDisabled: false,
    ciphertextHidingEnabled: false,
    aliasCheckComplete: true,
  });
  assert.deepEqual(dates.signingKeyCertificate, { from: '2025-01-01T00:00:00Z', until: '2035-01-01T00:00:00Z' });
  assert.deepEqual(dates.revocationList, { from: '2026-02-01T00:00:00Z', until: '2026-04-01T00:00:00Z' });
  assert.equal(dates.earliestExpiration, '2026-04-01T00:00:00Z');
  assert.equal(dates.latestBeginning, '2026-02-01T00:00:00Z');
  assert.deepEqual([dates.expired, dates.notYetValid], [[], []]);
  assert.doesNotThrow(() => JSON.stringify(verdict));
});

const policyBits = [
  [16, 'smtAllowed'],
  [18, 'migrationAgentAllowed'],
  [19, 'debugAllowed'],
  [20, 'singleSocket'],
  [21, 'cxlAllowed'],
  [22, 'memoryAes256Xts'],
  [23, 'raplDisabled'],
  [24, 'ciphertextHiding'],
  [25, 'pageSwapDisabled'],
] as const;

test('each bit of the guest policy has its name', async () => {
  for (const [bit, name] of policyBits) {
    const { report } = await verdictOf({ report: { policy: (1n << 17n) | (1n << BigInt(bit)) } });
    const set = policyBits.map(([, other]) => other).filter((other) => report.policy[other]);
    assert.deepEqual(set, [name]);
  }
});

test('a verdict is frozen in depth', async () => {
  const check = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    assert.ok(Object.isFrozen(value) && !ArrayBuffer.isView(value), path);
    for (const [name, member] of Object.entries(value)) check(member, `${path}.${name}`);
  };
  check(await verdictOf({ report: { version: 5 } }), 'verdict');
});

test('a VLEK vouches for a provider, and not for a chip', async () => {
  const { signingKey, chipIdHidden, report } = await verdictOf(vlek);
  assert.deepEqual(signingKey, {
    kind: 'VLEK',
    cspId: 'CN=provider.example',
    product: 'Milan',
    productName: 'Milan-B0',
    tcb: milan,
  });
  assert.equal(chipIdHidden, true);
  assert.equal(report.signingKey, 'VLEK');
});

test('a hidden chip id is a fact', async () => {
  assert.equal((await verdictOf({ report: { chipId: '00'.repeat(64) } })).chipIdHidden, true);
});

test('version 2 has no CPUID, version 5 has mitigation vectors', async () => {
  assert.equal((await verdictOf({ report: { version: 2 } })).report.cpuid, undefined);
  const { report } = await verdictOf({ report: { version: 5, mitigationVectors: [0x3fn, 0x7fn] } });
  assert.deepEqual(report.mitigationVectors, { launch: '000000000000003f', current: '000000000000007f' });
});

/** The changes that make it a platform of another product. */
function platformOf(product: SnpProduct, productName: string): SnpChanges {
  const isTurin = product === 'Turin';
  const named = withExtension('leaf', amdIds.productName, { id: amdIds.productName, value: ia5(productName) });
  const kept = named.extensions.filter(({ id }) => !isTurin || id !== amdIds.hardwareId);
  const extra = [
    { id: amdIds.hardwareId, value: fromHex('c1'.repeat(8)) },
    { id: amdIds.fmc, value: integer(2) },
  ];
  const tcb = isTurin ? '02030008000000d9' : milanTcb;
  return {
    ark: { commonName: `ARK-${product}`, issuerName: `ARK-${product}` },
    ask: { commonName: `SEV-${product}`, issuerName: `ARK-${product}` },
    leaf: { issuerName: `SEV-${product}`, extensions: isTurin ? [...kept, ...extra] : kept },
    crl: { issuerName: `ARK-${product}` },
    report: {
      cpuid: isTurin ? [0x1a, 2, 1] : [0x19, 0xa0, 1],
      ...(isTurin ? { chipId: 'c1'.repeat(8).padEnd(128, '0') } : {}),
      reported: tcb,
      current: tcb,
      committed: tcb,
      launch: tcb,
    },
  };
}

test('Turin has a TCB layout and a hardware id of its own', async () => {
  const { product, signingKey, report } = await verdictOf(platformOf('Turin', 'Turin'), 'Turin');
  assert.equal(product, 'Turin');
  const tcb = { ...milan, fmc: 2 };
  assert.deepEqual(report.tcb.reported, tcb);
  assert.deepEqual(signingKey, {
    kind: 'VCEK',
    hardwareId: 'c1'.repeat(8),
    product: 'Turin',
    productName: 'Turin',
    tcb,
  });
});

test('on Turin the rest of the chip id is zero', () => {
  const changes = platformOf('Turin', 'Turin');
  const chipId = `${'c1'.repeat(8)}01`.padEnd(128, '0');
  const { report, endorsements } = makeSnpPlatform({ ...changes, report: { ...changes.report, chipId } });
  const attempt = (): unknown =>
    verifySnpReportSync(report, endorsements, { roots: [rootOf(keys.ark.spki, 'Turin')], now });
  assert.throws(attempt, (error) => isEnclosError(error) && error.details['status'] === 'SNP_CHIP_MISMATCH');
});

test('on Turin the FMC counts', () => {
  const changes = platformOf('Turin', 'Turin');
  const { report, endorsements } = makeSnpPlatform({
    ...changes,
    report: { ...changes.report, reported: '01030008000000d9' },
  });
  const attempt = (): unknown =>
    verifySnpReportSync(report, endorsements, { roots: [rootOf(keys.ark.spki, 'Turin')], now });
  assert.throws(attempt, (error) => isEnclosError(error) && error.details['status'] === 'SNP_TCB_MISMATCH');
});

test('Bergamo and Siena are certified under Genoa', async () => {
  for (const name of ['Genoa', 'Bergamo-A1', 'Siena-A1']) {
    assert.equal((await verdictOf(platformOf('Genoa', name), 'Genoa')).signingKey.productName, name);
  }
});

test('a hardware id may be wrapped in an OCTET STRING, and the trailer field left to its default', async () => {
  const wrapped = { id: amdIds.hardwareId, value: octetString(fromHex(hardwareId)) };
  const { signingKey } = await verdictOf({
    leaf: { ...withExtension('leaf', amdIds.hardwareId, wrapped), algorithm: pssAlgorithm() },
  });
  assert.ok(signingKey.kind === 'VCEK' && signingKey.hardwareId === hardwareId);
});

test('dates are facts', async () => {
  const late = (await verdictOf({}, 'Milan', new Date('2026-04-01T00:00:01Z'))).dates;
  assert.deepEqual([late.expired, late.notYetValid], [['revocationList'], []]);
  const later = (await verdictOf({ crl: 'none' }, 'Milan', new Date('2036-01-01T00:00:00Z'))).dates;
  assert.deepEqual(later.expired, ['rootCertificate', 'intermediateCertificate', 'signingKeyCertificate']);
  assert.equal(later.revocationList, undefined);
  const early = (await verdictOf({}, 'Milan', new Date('2024-12-31T23:59:59Z'))).dates;
  assert.deepEqual(early.expired, []);
  assert.equal(early.notYetValid.length, 4);
});

test('a verdict without a list says so', async () => {
  assert.equal((await verdictOf({ crl: 'none' })).revocation, 'no-list');
});

function collateral(change: Partial<Record<keyof SnpCollateral, unknown>> = {}): SnpEndorsements {
  const { leaf, ask, ark, crl } = goodCertificates;
  // Untyped on purpose: the run-time checks are what these tests are for.
  return parseSnpCollateral({
    signingKeyCertificate: leaf,
    certificateChain: [ask, ark],
    revocationList: crl,
    ...change,
  } as SnpCollateral);
}

test('collateral may be PEM, as the key service and Azure serve it', async () => {
  const { leaf, ask, ark } = goodCertificates;
  const { report } = makeSnpPlatform();
  const pemChain = pem(ask).replaceAll('\n', '\r\n') + pem(ark);
  const endorsements = collateral({ signingKeyCertificate: pem(leaf), certificateChain: pemChain });
  const verdict = await verifySnpReport(report, endorsements, { roots: [snpRoot], now });
  assert.deepEqual(verdict, verifySnpReportSync(report, collateral(), { roots: [snpRoot], now }));
});

const malformed: readonly (readonly [
  field: keyof SnpCollateral,
  status: string,
  change: Partial<Record<keyof SnpCollateral, unknown>>,
])[] = [
  ['signingKeyCertificate', 'SNP_MISSING_PARAMETERS', { signingKeyCertificate: undefined }],
  ['signingKeyCertificate', 'SNP_MISSING_PARAMETERS', { signingKeyCertificate: 7 }],
  ['signingKeyCertificate', 'SNP_CERT_UNSUPPORTED_FORMAT', { signingKeyCertificate: 'no PEM' }],
  ['signingKeyCertificate', 'SNP_CERT_UNSUPPORTED_FORMAT', { signingKeyCertificate: new Uint8Array(3) }],
  ['certificateChain', 'SNP_MISSING_PARAMETERS', { certificateChain: undefined }],
  ['certificateChain', 'SNP_MISSING_PARAMETERS', { certificateChain: ['00'] }],
  [
    'certificateChain',
    'SNP_MISSING_PARAMETERS',
    { certificateChain: Array.from({ length: 5 }, () => new Uint8Array()) },
  ],
  ['certificateChain', 'SNP_CERT_UNSUPPORTED_FORMAT', { certificateChain: [goodCertificates.ask.subarray(1)] }],
  ['revocationList', 'SNP_CRL_UNSUPPORTED_FORMAT', { revocationList: toHex(goodCertificates.crl) }],
  ['revocationList', 'SNP_CRL_UNSUPPORTED_FORMAT', { revocationList: goodCertificates.ark }],
];

test('malformed collateral is refused by field', () => {
  for (const [field, status, change] of malformed) {
    assert.throws(
      () => collateral(change),
      (error) => {
        assert.ok(isEnclosError(error, 'ENDORSEMENTS_INVALID'), String(error));
        assert.deepEqual({ ...error.details }, { field, status });
        return true;
      },
    );
  }
});

test('a chain of another length is refused', () => {
  const { report } = makeSnpPlatform();
  const { leaf, ask, ark } = goodCertificates;
  for (const certificateChain of [[], [ask], [ask, ark, ark]]) {
    assert.throws(
      () => verifySnpReportSync(report, collateral({ certificateChain }), { roots: [snpRoot], now }),
      (error) => isEnclosError(error, 'EVIDENCE_REFUSED') && error.details['status'] === 'SNP_CHAIN_INVALID',
    );
  }
  assert.throws(
    () =>
      verifySnpReportSync(report, collateral({ signingKeyCertificate: ask, certificateChain: [leaf, ark] }), {
        roots: [snpRoot],
        now,
      }),
    (error) => isEnclosError(error, 'EVIDENCE_REFUSED') && error.details['step'] === 'snp-chain-shape',
  );
});

test('arguments that make no sense are misuse', async () => {
  const { report, endorsements } = makeSnpPlatform();
  const isMisuse = (error: unknown): boolean => isEnclosError(error, 'VERIFIER_MISUSED');
  const good = { roots: [snpRoot], now };
  // Untyped on purpose: the run-time checks are what these tests are for.
  const wrong: readonly (readonly [unknown, unknown])[] = [
    [{}, good],
    [endorsements, { ...good, roots: [] }],
    [endorsements, { ...good, roots: undefined }],
    [endorsements, { ...good, now: new Date(Number.NaN) }],
    [endorsements, { ...good, now: 0 }],
    [endorsements, { ...good, roots: [{ ...snpRoot, fingerprint: AMD_MILAN_ROOT.fingerprint }] }],
  ];
  for (const [given, options] of wrong) {
    const attempt = verifySnpReport(report, given as SnpEndorsements, options as typeof good);
    await assert.rejects(attempt, isMisuse);
  }
});

test('AMD’s roots are not those of a synthetic platform', () => {
  const { report, endorsements } = makeSnpPlatform();
  assert.throws(
    () => verifySnpReportSync(report, endorsements, { roots: [AMD_MILAN_ROOT], now }),
    (error) => isEnclosError(error) && error.details['status'] === 'SNP_CHAIN_UNTRUSTED',
  );
});
