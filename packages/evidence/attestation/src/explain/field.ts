/**
 * One field of evidence as it lies in the bytes, for people. Nothing here is
 * verified: it is what the bytes say.
 */
export interface ExplainedField {
  /** The name of the specification: MRENCLAVE. */
  readonly name: string;
  /** From the first byte of the evidence; in a document of several parts, of the part. */
  readonly offset: number;
  /** 0 for a field without an offset, such as a member of JSON. */
  readonly sizeBytes: number;
  /** A number, lower-case hex, or text; empty for a group. Text is as hostile as the maker of the evidence. */
  readonly value: string;
  /** The meaning of the value, where the value alone does not tell it. */
  readonly meaning?: string;
  /** Why the field, or what should follow here, could not be read. */
  readonly problem?: string;
  /** The parts of a group, in the order of their offsets. */
  readonly fields?: readonly ExplainedField[];
}

/** How a field is read: a little-endian number, one that is big-endian as those of a TPM, or bytes. */
export type FieldKind = 'number' | 'big-endian' | 'hex' | 'reserved';

/** A field of a fixed place in a layout. */
export interface FieldSpec {
  readonly name: string;
  readonly sizeBytes: number;
  readonly kind: FieldKind;
  /** The meaning of a number. */
  readonly ofNumber?: (value: bigint) => string | undefined;
  /** The meaning of bytes. */
  readonly ofHex?: (hex: string) => string | undefined;
}

export function numberField(
  name: string,
  sizeBytes: 2 | 4 | 8,
  ofNumber?: (value: bigint) => string | undefined,
): FieldSpec {
  return { name, sizeBytes, kind: 'number', ...(ofNumber === undefined ? {} : { ofNumber }) };
}

export function bigEndianField(
  name: string,
  sizeBytes: 1 | 2 | 4 | 8,
  ofNumber?: (value: bigint) => string | undefined,
): FieldSpec {
  return { name, sizeBytes, kind: 'big-endian', ...(ofNumber === undefined ? {} : { ofNumber }) };
}

export function hexField(name: string, sizeBytes: number, ofHex?: (hex: string) => string | undefined): FieldSpec {
  return { name, sizeBytes, kind: 'hex', ...(ofHex === undefined ? {} : { ofHex }) };
}

export function reserved(sizeBytes: number): FieldSpec {
  return { name: 'reserved', sizeBytes, kind: 'reserved' };
}

/** Always the same words for something. */
export function always(meaning: string): () => string {
  return () => meaning;
}

/** Words for bytes that are all zero. */
export function whenZero(meaning: string): (hex: string) => string | undefined {
  return (hex) => (/^0*$/.test(hex) ? meaning : undefined);
}

/** The names of the bits that are set, and the numbers of those without a name. */
export function bitNames(bits: Readonly<Record<string, bigint>>): (value: bigint) => string {
  return (value) => {
    const named = Object.entries(bits).filter(([, bit]) => (value & bit) !== 0n);
    const rest = named.reduce((left, [, bit]) => left & ~bit, value);
    const unnamed = Array.from({ length: 64 }, (_, index) => index).filter(
      (index) => ((rest >> BigInt(index)) & 1n) === 1n,
    );
    const names = [...named.map(([name]) => name), ...unnamed.map((index) => `bit ${index}`)];
    return names.length === 0 ? 'none set' : names.join(', ');
  };
}
