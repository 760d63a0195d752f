import { explainChain } from './chain.ts';
import { FieldReader, missingField } from './field-reader.ts';
import { hexField, numberField, type ExplainedField, type FieldSpec } from './field.ts';
import { quoteBodies, sgxReportFields } from './report-fields.ts';

const intelQeVendorId = '939a7233f79c4ca9940a0db3957f0607';
const versions: readonly bigint[] = [3n, 4n, 5n];
const tdxType = 0x81n;
const certificationTypes: Readonly<Record<string, string>> = Object.freeze({
  1: 'PPID, in clear',
  2: 'PPID, encrypted with RSA-2048',
  3: 'PPID, encrypted with RSA-3072',
  4: 'PCK certificate, PEM',
  5: 'PCK certificate chain, PEM',
  6: 'the quoting enclave’s report and what certifies it',
});
/** A chain is under 5 KiB; what is longer is not shown as hex. */
const maximumShownBytes = 1024;
const pckChain = 5n;

/**
 * What the bytes of a DCAP quote of version 3, 4 or 5 say, field by field, with
 * the certificates in it. For people: nothing is verified, and nothing refused.
 * Where the bytes end too early or a version is not known, the last field says
 * so in `problem`.
 *
 * Source: Intel DCAP, Quote Library Reference, appendix A.4; QVL, QuoteStructures.h.
 */
export function explainQuote(bytes: Uint8Array): readonly ExplainedField[] {
  const reader = new FieldReader(bytes);
  const version = reader.peekNumber(0, 2);
  const teeType = reader.peekNumber(4, 4);
  const parts = [reader.group('Header', () => reader.fields(headerFields))];
  if (reader.ended) return Object.freeze(parts);
  if (version === undefined || !versions.includes(version)) {
    return Object.freeze([...parts, missingField('Body', restOf(reader), 'the version is not known')]);
  }
  parts.push(...readBody(reader, version, teeType === tdxType));
  if (!reader.ended && parts.at(-1)?.problem === undefined) parts.push(...readSignature(reader, version));
  return Object.freeze(parts);
}

const headerFields: readonly FieldSpec[] = [
  numberField('version', 2),
  numberField('attestation key type', 2, (value) => (value === 2n ? 'ECDSA with P-256' : 'not ECDSA with P-256')),
  numberField('TEE type', 4, (value) => (value === 0n ? 'SGX' : value === tdxType ? 'TDX' : 'not known')),
  numberField('QE security version', 2),
  numberField('PCE security version', 2),
  hexField('QE vendor', 16, (hex) => (hex === intelQeVendorId ? 'Intel' : 'not Intel')),
  hexField('user data', 20),
];

function restOf(reader: FieldReader): Pick<ExplainedField, 'offset' | 'sizeBytes'> {
  return { offset: reader.offset, sizeBytes: reader.remaining };
}

/** Version 5 says what the body is; before it follows from the type of the TEE. */
function readBody(reader: FieldReader, version: bigint, isTdx: boolean): readonly ExplainedField[] {
  const described = reader.peekNumber(0, 2);
  const parts: ExplainedField[] = [];
  if (version === 5n) {
    const names = (type: bigint): string => quoteBodies[Number(type) - 1]?.name ?? 'not known';
    parts.push(
      reader.group('Body description', () =>
        reader.fields([numberField('body type', 2, names), numberField('body size', 4)]),
      ),
    );
    if (reader.ended) return parts;
  }
  const type = version === 5n ? Number(described ?? 0n) : isTdx ? 2 : 1;
  const body = quoteBodies[type - 1];
  if (body === undefined) return [...parts, missingField('Body', restOf(reader), 'the body type is not known')];
  return [...parts, reader.group(body.name, () => reader.fields(body.fields))];
}

function readSignature(reader: FieldReader, version: bigint): readonly ExplainedField[] {
  const declared = reader.peekNumber(0, 4);
  const parts = [reader.field(numberField('signature data size', 4))];
  if (declared === undefined) return parts;
  const { offset, remaining } = reader;
  const size = Math.min(Number(declared), remaining);
  const data = reader.bytes(size) ?? new Uint8Array();
  const inner = new FieldReader(data);
  const fields = [
    ...inner.fields([hexField('signature', 64), hexField('attestation key', 64)]),
    ...(version === 3n ? [] : inner.fields([certificationType, numberField('certification data size', 4)])),
    ...readQeReport(inner),
    ...readCertification(inner),
  ].map((field) => moved(field, offset));
  parts.push(Object.freeze({ name: 'Signature data', offset, sizeBytes: size, value: '', fields }));
  if (size < declared) {
    parts.push(missingField('End', restOf(reader), `the signature data wants ${declared} bytes, ${size} are there`));
  } else if (reader.remaining > 0) {
    parts.push(
      Object.freeze({ name: 'Trailing bytes', ...restOf(reader), value: '', meaning: 'no part of the quote' }),
    );
  }
  return parts;
}

const certificationType: FieldSpec = numberField(
  'certification data type',
  2,
  (value) => certificationTypes[String(value)] ?? 'not known',
);

function readQeReport(reader: FieldReader): readonly ExplainedField[] {
  if (reader.ended) return [];
  return [
    reader.group('Quoting enclave’s report', () => reader.fields(sgxReportFields)),
    ...reader.fields([hexField('QE report signature', 64)]),
  ];
}

function readCertification(reader: FieldReader): readonly ExplainedField[] {
  const authSize = reader.peekNumber(0, 2);
  const fields = [...reader.fields([numberField('QE authentication data size', 2)])];
  if (authSize === undefined) return fields;
  fields.push(...readBytes(reader, 'QE authentication data', Number(authSize)));
  const type = reader.peekNumber(0, 2);
  const size = reader.peekNumber(2, 4);
  fields.push(...reader.fields([certificationType, numberField('certification data size', 4)]));
  if (reader.ended || size === undefined) return fields;
  if (type !== pckChain) return [...fields, ...readBytes(reader, 'certification data', Number(size))];
  const { offset } = reader;
  const chain = reader.bytes(Number(size));
  if (chain === undefined) {
    return [...fields, missingField('PCK chain', restOf(reader), `${size} bytes wanted, ${reader.remaining} are left`)];
  }
  return [...fields, explainChain(chain, offset)];
}

function readBytes(reader: FieldReader, name: string, sizeBytes: number): readonly ExplainedField[] {
  if (reader.ended || sizeBytes === 0) return [];
  const { offset } = reader;
  if (sizeBytes <= maximumShownBytes) return reader.fields([hexField(name, sizeBytes)]);
  if (reader.bytes(sizeBytes) !== undefined) {
    return [Object.freeze({ name, offset, sizeBytes, value: '', meaning: 'too long to show' })];
  }
  return [missingField(name, restOf(reader), `${sizeBytes} bytes wanted, ${reader.remaining} are left`)];
}

/** The same field with the offset of the whole. */
function moved(field: ExplainedField, by: number): ExplainedField {
  return Object.freeze({
    ...field,
    offset: field.offset + by,
    ...(field.fields === undefined ? {} : { fields: Object.freeze(field.fields.map((inner) => moved(inner, by))) }),
  });
}
