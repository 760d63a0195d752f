import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { fromHex } from '@enclos/codec';
import { verifySnpReport, type SnpRefusalStatus, type SnpStepId } from '../../src/index.ts';
import { verifySnpReportSync } from '../../src/node.ts';
import { boolean, integer, octetString, sequence, tlv } from '../der-writer.ts';
import { crlNumber, keyUsage } from '../synthetic-pki.ts';
import { amdIds, authorityConstraints, authorityKey, ecKey, ia5, keys, subjectKey } from './synthetic-pki.ts';
import { makeSnpPlatform, now, rootOf, snpRoot, vlek, withExtension, type SnpChanges } from './synthetic-platform.ts';
import { goodReport, milanTcb, resign } from './synthetic-report.ts';

type Case = readonly [what: string, step: SnpStepId, status: SnpRefusalStatus, changes: SnpChanges];

const ids = { keyUsage: '2.5.29.15', constraints: '2.5.29.19', subjectKey: '2.5.29.14', authorityKey: '2.5.29.35' };
const format = ['snp-report-format', 'SNP_REPORT_UNSUPPORTED_FORMAT'] as const;
const shape = ['snp-chain-shape', 'SNP_CHAIN_INVALID'] as const;
const root = ['snp-root-certificate', 'SNP_ROOT_INVALID_EXTENSIONS'] as const;
const intermediate = ['snp-intermediate-certificate', 'SNP_INTERMEDIATE_INVALID_EXTENSIONS'] as const;
const intermediateIssuer = ['snp-intermediate-certificate', 'SNP_INTERMEDIATE_INVALID_ISSUER'] as const;
const leaf = ['snp-leaf-certificate', 'SNP_LEAF_INVALID_EXTENSIONS'] as const;
const leafIssuer = ['snp-leaf-certificate', 'SNP_LEAF_INVALID_ISSUER'] as const;
const product = ['snp-product', 'SNP_PRODUCT_MISMATCH'] as const;
const tcb = ['snp-tcb', 'SNP_TCB_MISMATCH'] as const;
const chip = ['snp-chip', 'SNP_CHIP_MISMATCH'] as const;

const cases: readonly Case[] = [
  ['a report of version 1', ...format, { report: { version: 1 } }],
  ['a report of version 4', ...format, { report: { version: 4 } }],
  ['a report of version 6', ...format, { report: { version: 6 } }],
  ['VMPL 4', ...format, { report: { vmpl: 4 } }],
  ['another signature algorithm', ...format, { report: { algorithm: 2 } }],
  ['a guest policy without its reserved one', ...format, { report: { policy: 0x1_001fn } }],
  ['a guest policy with an unknown bit', ...format, { report: { policy: 0x400_0000n | 0x3_001fn } }],
  ['signing key 2', ...format, { report: { flags: 2 << 2 } }],
  ['an unknown flag', ...format, { report: { flags: 1 << 5 } }],
  ['a report without a signature', 'snp-report-format', 'SNP_REPORT_NOT_SIGNED', { report: { flags: 7 << 2 } }],

  ['an authority with an EC key', ...shape, { ask: { spki: keys.other.spki } }],
  ['a signing key of RSA', ...shape, { leaf: { spki: keys.ask.spki } }],
  ['a root that names another issuer', ...shape, { ark: { issuerName: 'ARK-Genoa' } }],
  ['a VLEK for a report by a VCEK', 'snp-chain-shape', 'SNP_SIGNING_KEY_MISMATCH', { ask: vlek.ask, leaf: vlek.leaf }],
  ['a VCEK for a report by a VLEK', 'snp-chain-shape', 'SNP_SIGNING_KEY_MISMATCH', { report: vlek.report }],

  [
    'another root key',
    'snp-trusted-root',
    'SNP_CHAIN_UNTRUSTED',
    { ark: { spki: keys.ask.spki, issuerKey: keys.ask } },
  ],
  ['a root without basic constraints', ...root, { ark: withExtension('ark', ids.constraints) }],
  [
    'a root that is no authority',
    ...root,
    {
      ark: withExtension('ark', ids.constraints, { id: ids.constraints, value: sequence() }),
    },
  ],
  ['a root with no room below', ...root, { ark: withExtension('ark', ids.constraints, authorityConstraints(0)) }],
  ['a root without key usage', ...root, { ark: withExtension('ark', ids.keyUsage) }],
  ['a root that may not sign lists', ...root, { ark: withExtension('ark', ids.keyUsage, keyUsage('0204')) }],
  ['a root that may not sign certificates', ...root, { ark: withExtension('ark', ids.keyUsage, keyUsage('0102')) }],
  ['a root without a key identifier', ...root, { ark: withExtension('ark', ids.subjectKey) }],
  [
    'a root that something else signed',
    'snp-root-certificate',
    'SNP_ROOT_INVALID_ISSUER',
    { ark: { issuerKey: keys.ask } },
  ],

  ['an authority without basic constraints', ...intermediate, { ask: withExtension('ask', ids.constraints) }],
  [
    'an authority that is none',
    ...intermediate,
    {
      ask: withExtension('ask', ids.constraints, { id: ids.constraints, value: sequence() }),
    },
  ],
  [
    'an authority with malformed constraints',
    ...intermediate,
    {
      ask: withExtension('ask', ids.constraints, {
        id: ids.constraints,
        value: sequence(boolean(true), boolean(true)),
      }),
    },
  ],
  ['an authority without key usage', ...intermediate, { ask: withExtension('ask', ids.keyUsage) }],
  ['an authority that signs data', ...intermediate, { ask: withExtension('ask', ids.keyUsage, keyUsage('0780')) }],
  ['an authority without an authority key', ...intermediate, { ask: withExtension('ask', ids.authorityKey) }],
  ['an authority of another root', ...intermediate, { ask: withExtension('ask', ids.authorityKey, authorityKey(9)) }],
  ['an authority without a key identifier', ...intermediate, { ask: withExtension('ask', ids.subjectKey) }],
  ['an authority that names another issuer', ...intermediateIssuer, { ask: { issuerName: 'ARK-Genoa' } }],
  ['an authority that the root did not sign', ...intermediateIssuer, { ask: { issuerKey: keys.ask } }],

  [
    'a signing key that is an authority',
    ...leaf,
    {
      leaf: withExtension('leaf', ids.constraints, authorityConstraints()),
    },
  ],
  [
    'a signing key that may sign certificates',
    ...leaf,
    {
      leaf: withExtension('leaf', ids.keyUsage, keyUsage('0284')),
    },
  ],
  ['a signing key that may not sign', ...leaf, { leaf: withExtension('leaf', ids.keyUsage, keyUsage('0540')) }],
  ...(['structVersion', 'productName', 'bootloader', 'tee', 'snp', 'microcode', 'hardwareId'] as const).map(
    (id): Case => [`a VCEK without its ${id}`, ...leaf, { leaf: withExtension('leaf', amdIds[id]) }],
  ),
  [
    'a VCEK with a provider',
    ...leaf,
    { leaf: withExtension('leaf', amdIds.cspId, { id: amdIds.cspId, value: ia5('A') }) },
  ],
  [
    'a TCB component over 255',
    ...leaf,
    {
      leaf: withExtension('leaf', amdIds.snp, { id: amdIds.snp, value: integer(256) }),
    },
  ],
  [
    'a TCB component with something behind it',
    ...leaf,
    {
      leaf: withExtension('leaf', amdIds.snp, { id: amdIds.snp, value: fromHex('02010800') }),
    },
  ],
  [
    'a product name that is not text',
    ...leaf,
    {
      leaf: withExtension('leaf', amdIds.productName, { id: amdIds.productName, value: octetString(fromHex('41')) }),
    },
  ],
  [
    'an unknown product',
    ...leaf,
    {
      leaf: withExtension('leaf', amdIds.productName, { id: amdIds.productName, value: ia5('Naples') }),
    },
  ],
  [
    'a hardware id of 63 bytes',
    ...leaf,
    {
      leaf: withExtension('leaf', amdIds.hardwareId, { id: amdIds.hardwareId, value: new Uint8Array(63) }),
    },
  ],
  [
    'a wrapped hardware id of 63 bytes',
    ...leaf,
    {
      leaf: withExtension('leaf', amdIds.hardwareId, { id: amdIds.hardwareId, value: octetString(new Uint8Array(63)) }),
    },
  ],
  [
    'a hardware id in another type',
    ...leaf,
    {
      leaf: withExtension('leaf', amdIds.hardwareId, { id: amdIds.hardwareId, value: tlv(0x0c, new Uint8Array(64)) }),
    },
  ],
  ['a VCEK that names another issuer', ...leafIssuer, { leaf: { issuerName: 'SEV-Genoa' } }],
  ['a VCEK that the authority did not sign', ...leafIssuer, { leaf: { issuerKey: keys.ark } }],

  [
    'a root with the name of another product',
    ...product,
    {
      ark: { commonName: 'ARK-Genoa', issuerName: 'ARK-Genoa' },
      ask: { issuerName: 'ARK-Genoa' },
      crl: { issuerName: 'ARK-Genoa' },
    },
  ],
  [
    'an authority of another product',
    ...product,
    {
      ask: { commonName: 'SEV-Genoa' },
      leaf: { issuerName: 'SEV-Genoa' },
    },
  ],
  ['a VCEK under the authority of VLEKs', ...product, { ask: vlek.ask, leaf: { issuerName: 'SEV-VLEK-Milan' } }],
  [
    'a VCEK of another product',
    ...product,
    {
      leaf: withExtension('leaf', amdIds.productName, { id: amdIds.productName, value: ia5('Genoa-B1') }),
    },
  ],
  ['a report of another processor', ...product, { report: { cpuid: [0x19, 0x11, 1] } }],
  ['a report of an unknown processor', ...product, { report: { cpuid: [0x17, 1, 1] } }],

  ['a list of another issuer', 'snp-revocation', 'SNP_CRL_UNKNOWN_ISSUER', { crl: { issuerName: 'ARK-Genoa' } }],
  [
    'a list without a number',
    'snp-revocation',
    'SNP_CRL_INVALID_EXTENSIONS',
    { crl: { extensions: [authorityKey(1)] } },
  ],
  [
    'a list without a key identifier',
    'snp-revocation',
    'SNP_CRL_INVALID_EXTENSIONS',
    { crl: { extensions: [crlNumber] } },
  ],
  [
    'a list of another key',
    'snp-revocation',
    'SNP_CRL_INVALID_EXTENSIONS',
    {
      crl: { extensions: [authorityKey(2), crlNumber] },
    },
  ],
  [
    'a list that something else signed',
    'snp-revocation',
    'SNP_CRL_INVALID_SIGNATURE',
    { crl: { issuerKey: keys.ask } },
  ],
  ['a revoked authority', 'snp-revocation', 'SNP_INTERMEDIATE_REVOKED', { crl: { revoked: [5, 0x1_0001] } }],
  ['a revoked VCEK', 'snp-revocation', 'SNP_LEAF_REVOKED', { leaf: { serialNumber: 77 }, crl: { revoked: [77] } }],

  ['a report by another key', 'snp-report-signature', 'SNP_INVALID_REPORT_SIGNATURE', { report: { key: keys.other } }],
  [
    'a certified key that is no point',
    'snp-report-signature',
    'SNP_INVALID_REPORT_SIGNATURE',
    {
      leaf: { spki: offTheCurve() },
    },
  ],

  ...[0, 1, 6, 7].map((byte): Case => {
    const reported = fromHex(milanTcb);
    reported[byte] = (reported[byte] ?? 0) + 1;
    return [`another reported TCB at ${byte}`, ...tcb, { report: { reported: Buffer.from(reported).toString('hex') } }];
  }),
  ['a reported TCB with a reserved byte', ...tcb, { report: { reported: '03000100000008d9' } }],
  ['a current TCB with a reserved byte', ...tcb, { report: { current: '03000001000008d9' } }],
  ['a committed TCB with a reserved byte', ...tcb, { report: { committed: '03000000010008d9' } }],
  ['a launch TCB with a reserved byte', ...tcb, { report: { launch: '03000000000108d9' } }],

  ['another chip', ...chip, { report: { chipId: `${'c1'.repeat(63)}c2` } }],
  ['a chip id with a VLEK', ...chip, { ...vlek, report: { ...vlek.report, chipId: goodReport.chipId } }],
];

/** A P-384 key whose point is not on the curve. */
function offTheCurve(): Uint8Array {
  const { spki } = ecKey();
  const changed = spki.slice();
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  return changed;
}

function isRefusal(error: unknown, step: SnpStepId, status: SnpRefusalStatus): true {
  assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'), String(error));
  assert.deepEqual({ ...error.details }, { step, status });
  return true;
}

for (const [what, step, status, changes] of cases) {
  test(`refused: ${what}`, async () => {
    const { report, endorsements } = makeSnpPlatform(changes);
    const options = { roots: [snpRoot], now };
    await assert.rejects(verifySnpReport(report, endorsements, options), (error) => isRefusal(error, step, status));
    assert.throws(
      () => verifySnpReportSync(report, endorsements, options),
      (error) => isRefusal(error, step, status),
    );
  });
}

test('refused: a report of another length', () => {
  const { report, endorsements } = makeSnpPlatform();
  for (const bytes of [new Uint8Array(), report.subarray(1), Uint8Array.of(...report, 0)]) {
    assert.throws(
      () => verifySnpReportSync(bytes, endorsements, { roots: [snpRoot], now }),
      (error) => isRefusal(error, ...format),
    );
  }
});

test('refused: reserved bytes, although the firmware signed them', () => {
  const { report, endorsements } = makeSnpPlatform();
  for (const offset of [0x4c, 0x4f, 0x18b, 0x19f, 0x1eb, 0x1ef, 0x1f8, 0x208, 0x29f]) {
    assert.throws(
      () => verifySnpReportSync(resign(report, offset, [1]), endorsements, { roots: [snpRoot], now }),
      (error) => isRefusal(error, ...format),
      `at ${offset}`,
    );
  }
  for (const offset of [0x2a0 + 48, 0x2a0 + 71, 0x2a0 + 120, 0x2a0 + 144, 1183]) {
    const changed = report.slice();
    changed[offset] = 1;
    assert.throws(
      () => verifySnpReportSync(changed, endorsements, { roots: [snpRoot], now }),
      (error) => isRefusal(error, ...format),
      `at ${offset}`,
    );
  }
});

test('refused: CPUID bytes in a report of version 2, which has none', () => {
  const { report, endorsements } = makeSnpPlatform({ report: { version: 2 } });
  assert.throws(
    () => verifySnpReportSync(resign(report, 0x188, [0x19]), endorsements, { roots: [snpRoot], now }),
    (error) => isRefusal(error, ...format),
  );
});

test('refused: the right key, trusted for another product', () => {
  const { report, endorsements } = makeSnpPlatform();
  assert.throws(
    () => verifySnpReportSync(report, endorsements, { roots: [rootOf(keys.ark.spki, 'Turin')], now }),
    (error) => isRefusal(error, ...product),
  );
});

test('refused: a subject key identifier that is malformed', () => {
  const malformed = { ...subjectKey(1), value: tlv(0x04, fromHex('0101'), fromHex('01')).subarray(0, 4) };
  const { report, endorsements } = makeSnpPlatform({ ark: withExtension('ark', ids.subjectKey, malformed) });
  assert.throws(
    () => verifySnpReportSync(report, endorsements, { roots: [snpRoot], now }),
    (error) => isRefusal(error, ...intermediate),
  );
});
