import { FieldReader, missingField } from './field-reader.ts';
import { always, bigEndianField, hexField, type ExplainedField, type FieldSpec } from './field.ts';

const hashes: Readonly<Record<string, string>> = { 4: 'SHA-1', 11: 'SHA-256', 12: 'SHA-384', 13: 'SHA-512' };

const head: readonly FieldSpec[] = [
  hexField('magic', 4, (hex) => (hex === 'ff544347' ? 'made by a TPM' : 'not made by a TPM')),
  hexField('type', 2, (hex) => (hex === '8018' ? 'a quote' : 'not a quote')),
];

const clock: readonly FieldSpec[] = [
  bigEndianField('clock', 8, always('Milliseconds, by the TPM’s own clock')),
  bigEndianField('reset count', 4),
  bigEndianField('restart count', 4),
  bigEndianField('safe', 1, (value) => (value === 1n ? 'the clock never went back' : 'the clock may have gone back')),
  hexField('firmware version', 8),
];

const selection: readonly FieldSpec[] = [
  bigEndianField('banks', 4),
  bigEndianField('bank', 2, (value) => hashes[String(value)] ?? 'not known'),
  bigEndianField('selection size', 1),
];

/**
 * What the bytes of a TPMS_ATTEST say, field by field (TPM 2.0 Library, part 2,
 * section 10.12). For people: nothing is verified, and nothing refused.
 */
export function explainTpmAttest(bytes: Uint8Array): ExplainedField {
  const reader = new FieldReader(bytes);
  return reader.group('TPMS_ATTEST', () => {
    const fields = [
      ...reader.fields(head),
      ...sized(reader, bytes, hexField('signer', 0, always('The name of the attestation key'))),
      ...sized(reader, bytes, hexField('qualifying data', 0, always('What the quote was asked for: the nonce'))),
      ...reader.fields(clock),
      reader.group('PCR selection', () => readSelection(reader, bytes)),
      ...sized(reader, bytes, hexField('PCR digest', 0, always('Over the values of the selected PCRs'))),
    ];
    if (reader.ended || reader.remaining === 0) return fields;
    const rest = { offset: reader.offset, sizeBytes: reader.remaining };
    return [...fields, missingField('Trailing bytes', rest, 'a quote ends before them')];
  });
}

/** TPML_PCR_SELECTION, as far as its first bank goes. */
function readSelection(reader: FieldReader, bytes: Uint8Array): readonly ExplainedField[] {
  const fields = reader.fields(selection);
  const size = reader.ended ? 0 : (bytes[reader.offset - 1] ?? 0);
  return size === 0 ? fields : [...fields, ...reader.fields([hexField('selected', size, selectedPcrs)])];
}

function selectedPcrs(hex: string): string {
  const bits = [...hex.matchAll(/../g)].flatMap(([byte], index) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (Number.parseInt(byte, 16) >> bit) & 1).map((bit) => 8 * index + bit),
  );
  return bits.length === 0 ? 'no PCR' : `PCR ${bits.join(', ')}`;
}

/** A TPM2B: a length, and as many bytes. */
function sized(reader: FieldReader, bytes: Uint8Array, spec: FieldSpec): readonly ExplainedField[] {
  const length = reader.fields([bigEndianField(`${spec.name} size`, 2)]);
  if (reader.ended) return length;
  const sizeBytes = (bytes[reader.offset - 2] ?? 0) * 256 + (bytes[reader.offset - 1] ?? 0);
  return sizeBytes === 0 ? length : [...length, ...reader.fields([{ ...spec, sizeBytes }])];
}
