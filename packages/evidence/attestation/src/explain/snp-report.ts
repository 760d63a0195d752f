import { FieldReader, missingField } from './field-reader.ts';
import {
  always,
  bitNames,
  hexField,
  numberField,
  reserved,
  whenZero,
  type ExplainedField,
  type FieldSpec,
} from './field.ts';

const policyBits = Object.freeze({
  SMT: 1n << 16n,
  'always one': 1n << 17n,
  'migration agent': 1n << 18n,
  DEBUG: 1n << 19n,
  'single socket': 1n << 20n,
  CXL: 1n << 21n,
  'AES-256-XTS': 1n << 22n,
  'RAPL disabled': 1n << 23n,
  'ciphertext hiding': 1n << 24n,
  'page swap disabled': 1n << 25n,
});
const platformBits = Object.freeze({
  SMT: 1n,
  TSME: 2n,
  ECC: 4n,
  'RAPL disabled': 8n,
  'ciphertext hiding': 16n,
  'alias check complete': 32n,
});
const keyBits = Object.freeze({ 'author key': 1n, 'chip key masked': 2n });

function policyMeaning(policy: bigint): string {
  const abi = `ABI ${(policy >> 8n) & 0xffn}.${policy & 0xffn}`;
  const text = `${abi}, ${bitNames(policyBits)(policy & ~0xffffn)}`;
  return (policy & policyBits.DEBUG) === 0n ? text : `${text}: the host can read its memory`;
}

function keyMeaning(flags: bigint): string {
  const signer = ({ 0: 'VCEK', 1: 'VLEK', 7: 'none' } as const)[String(flags >> 2n)] ?? 'not known';
  const rest = flags & 3n;
  return `signed by: ${signer}${rest === 0n ? '' : `, ${bitNames(keyBits)(rest)}`}`;
}

/** ATTESTATION_REPORT, 1184 bytes (SEV-SNP firmware ABI, document 56860). */
const fields: readonly FieldSpec[] = [
  numberField('VERSION', 4),
  numberField('GUEST_SVN', 4),
  numberField('POLICY', 8, policyMeaning),
  hexField('FAMILY_ID', 16, whenZero('none')),
  hexField('IMAGE_ID', 16, whenZero('none')),
  numberField('VMPL', 4, always('The privilege level that asked; 0 is the highest')),
  numberField('SIGNATURE_ALGO', 4, (value) => (value === 1n ? 'ECDSA with P-384 and SHA-384' : 'not known')),
  hexField('CURRENT_TCB', 8),
  numberField('PLATFORM_INFO', 8, bitNames(platformBits)),
  numberField('SIGNING_KEY and flags', 4, keyMeaning),
  reserved(4),
  hexField('REPORT_DATA', 64, whenZero('nothing is bound to it')),
  hexField('MEASUREMENT', 48, always('The launch digest of the guest')),
  hexField('HOST_DATA', 32, whenZero('none')),
  hexField('ID_KEY_DIGEST', 48, whenZero('none')),
  hexField('AUTHOR_KEY_DIGEST', 48, whenZero('none')),
  hexField('REPORT_ID', 32),
  hexField('REPORT_ID_MA', 32, (hex) => (/^f+$/.test(hex) ? 'no migration agent' : undefined)),
  hexField('REPORTED_TCB', 8, always('The one that the signing key is certified for')),
  hexField('CPUID family, model, stepping', 3, whenZero('not said')),
  reserved(21),
  hexField('CHIP_ID', 64, whenZero('hidden')),
  hexField('COMMITTED_TCB', 8),
  hexField('CURRENT_VERSION', 4, always('Build, minor, major')),
  hexField('COMMITTED_VERSION', 4, always('Build, minor, major')),
  hexField('LAUNCH_TCB', 8),
  hexField('mitigation vectors', 16, whenZero('none')),
  reserved(152),
  hexField('SIGNATURE r', 72, always('Little-endian')),
  hexField('SIGNATURE s', 72, always('Little-endian')),
  reserved(368),
];

/**
 * What the bytes of an SEV-SNP attestation report say, field by field. For
 * people: nothing is verified, and nothing refused; see `explainQuote`.
 */
export function explainSnpReport(bytes: Uint8Array): readonly ExplainedField[] {
  const reader = new FieldReader(bytes);
  const report = explainSnpFields(reader);
  if (reader.ended || reader.remaining === 0) return Object.freeze([report]);
  const rest = { offset: reader.offset, sizeBytes: reader.remaining };
  return Object.freeze([report, missingField('Trailing bytes', rest, 'a report ends before them')]);
}

/** The report that begins where the reader is. */
export function explainSnpFields(reader: FieldReader): ExplainedField {
  return reader.group('SEV-SNP report', () => reader.fields(fields));
}
