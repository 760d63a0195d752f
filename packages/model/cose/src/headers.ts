import { CborReader, CborType } from '@enclos/codec';
import { coseAlgorithmOf, type CoseAlgorithm } from './algorithms.ts';
import { refuse } from './refusal.ts';

/** A label of a header: a registered number, or a text. */
export type CoseLabel = number | string;
/** The parameters of one header, each value in CBOR as it stands. */
export type CoseHeader = ReadonlyMap<CoseLabel, Uint8Array>;

/** RFC 9052 section 3.1. */
export const headerLabels = Object.freeze({ algorithm: 1, critical: 2, contentType: 3, kid: 4 } as const);

export const maximumHeaderBytes = 32_768;
const maximumParameters = 64;
const maximumLabelBytes = 256;
const maximumKidBytes = 512;
const maximumContentTypeBytes = 256;

/** Reads one header map (RFC 9052 section 3): labels are integers or texts, and none stands twice. */
export function readHeader(reader: CborReader): CoseHeader {
  const header = new Map<CoseLabel, Uint8Array>();
  for (let left = reader.map(maximumParameters); left > 0; left--) {
    const label = readLabel(reader);
    if (header.has(label)) refuse('duplicate-label', 'A label stands twice in a header.');
    header.set(label, reader.encoded());
  }
  return header;
}

function readLabel(reader: CborReader): CoseLabel {
  return reader.peek() === CborType.TEXT ? reader.text(maximumLabelBytes) : reader.integer();
}

/** The algorithm, which only a protected header may name: an unprotected one could be exchanged. */
export function algorithmIn(header: CoseHeader): CoseAlgorithm {
  const encoded = header.get(headerLabels.algorithm);
  const algorithm = encoded === undefined ? undefined : valueOf(encoded, (reader) => coseAlgorithmOf(reader.integer()));
  return algorithm ?? refuse('algorithm', 'The protected header names no algorithm, or one that is not known here.');
}

export function kidIn(header: CoseHeader): Uint8Array | undefined {
  const encoded = header.get(headerLabels.kid);
  return encoded === undefined ? undefined : valueOf(encoded, (reader) => reader.byteString(maximumKidBytes));
}

export function contentTypeIn(header: CoseHeader): string | number | undefined {
  const encoded = header.get(headerLabels.contentType);
  if (encoded === undefined) return undefined;
  return valueOf(encoded, (reader) =>
    reader.peek() === CborType.TEXT ? reader.text(maximumContentTypeBytes) : reader.unsigned(0xff_ff),
  );
}

/**
 * RFC 9052 section 3.1: a label in `crit` stands in the protected header, and a reader that does not know what it means
 * refuses the message.
 */
export function checkCritical(header: CoseHeader, understood: readonly CoseLabel[]): void {
  const encoded = header.get(headerLabels.critical);
  if (encoded === undefined) return;
  const labels = valueOf(encoded, (reader) =>
    Array.from({ length: reader.array(maximumParameters) }, () => readLabel(reader)),
  );
  if (labels.length === 0) refuse('critical-header', 'The list of critical parameters is empty.');
  for (const label of labels) {
    if (!header.has(label)) refuse('critical-header', 'A critical parameter is not in the protected header.');
    if (!understood.includes(label)) refuse('critical-header', 'A critical parameter is not known here.');
  }
}

function valueOf<T>(encoded: Uint8Array, read: (reader: CborReader) => T): T {
  // A parameter is one item, so that nothing follows what is read of it.
  return read(new CborReader(encoded));
}
