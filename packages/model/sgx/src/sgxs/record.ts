import { utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

/** Bytes of a record without its data. */
export const HEADER_BYTES = 64;
/** Bytes that one EEXTEND measures. */
export const CHUNK_BYTES = 256;
/** Bytes of a record with data: the longest record. */
export const MAX_RECORD_BYTES = HEADER_BYTES + CHUNK_BYTES;
export const CHUNKS_PER_PAGE = 16;
/** Bytes of a page with all its chunks. */
export const PAGE_RECORD_BYTES = HEADER_BYTES + CHUNKS_PER_PAGE * MAX_RECORD_BYTES;

export type RecordKind = 'ecreate' | 'eadd' | 'eextend' | 'unmeasured';

interface RecordTag {
  readonly kind: RecordKind;
  /** The eight characters. */
  readonly bytes: Uint8Array;
  /** The same as two little-endian words. */
  readonly low: number;
  readonly high: number;
  /** From here to the end of the header everything is zero. */
  readonly zerosFrom: number;
  readonly dataBytes: number;
}

function tag(kind: RecordKind, text: string, fieldBytes: number, dataBytes: number): RecordTag {
  const bytes = utf8(text.padEnd(8, '\0'));
  const view = new DataView(bytes.buffer);
  const [low, high] = [view.getUint32(0, true), view.getUint32(4, true)];
  return { kind, bytes, low, high, zerosFrom: 8 + fieldBytes, dataBytes };
}

/**
 * The measured records (SDM vol. 3D: ECREATE, EADD and EEXTEND extend MRENCLAVE
 * with exactly these 64 bytes), and the one record that the SGXS format adds for
 * content that is loaded but not measured.
 */
export const tags = Object.freeze({
  ecreate: tag('ecreate', 'ECREATE', 12, 0),
  eadd: tag('eadd', 'EADD', 16, 0),
  eextend: tag('eextend', 'EEXTEND', 8, CHUNK_BYTES),
  unmeasured: tag('unmeasured', 'UNMEASRD', 8, CHUNK_BYTES),
});

const { low: extendLow, high: extendHigh } = tags.eextend;

// Most frequent first.
const inOrder = [tags.eextend, tags.eadd, tags.unmeasured, tags.ecreate];

/** The type of the record at `at`; its header must be complete. */
export function recordTagAt(view: DataView, at: number): RecordTag {
  const low = view.getUint32(at, true);
  const high = view.getUint32(at + 4, true);
  for (const candidate of inOrder) if (candidate.low === low && candidate.high === high) return candidate;
  throw new EnclosError('SGXS_INVALID', 'SGXS: an unknown record type.');
}

/** Header bytes after the fields are measured too: a set bit there would be an identity that no processor has. */
export function isZeroTo64(view: DataView, at: number, from: number): boolean {
  let bits = 0;
  for (let i = at + from; i < at + HEADER_BYTES; i += 4) bits |= view.getUint32(i, true);
  return bits === 0;
}

/** Unrolled, unlike the loop above: it runs for every 256 bytes of an image, next to a hash that is faster than a loop. */
function bitsOf16Bytes(view: DataView, at: number): number {
  return (
    view.getInt32(at, true) | view.getInt32(at + 4, true) | view.getInt32(at + 8, true) | view.getInt32(at + 12, true)
  );
}

/** True for the header of EEXTEND of the chunk at `offset`: nearly every record is the expected next one. */
export function isExtendOf(view: DataView, at: number, offset: number): boolean {
  if (view.getUint32(at, true) !== extendLow || view.getUint32(at + 4, true) !== extendHigh) return false;
  if (view.getUint32(at + 8, true) + view.getUint32(at + 12, true) * 2 ** 32 !== offset) return false;
  return (bitsOf16Bytes(view, at + 16) | bitsOf16Bytes(view, at + 32) | bitsOf16Bytes(view, at + 48)) === 0;
}

/** A u64 that later code handles as a number. Enclaves are far smaller than 2^53 bytes. */
export function safeInteger(view: DataView, at: number): number {
  const value = view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  if (!Number.isSafeInteger(value)) throw new EnclosError('SGXS_INVALID', 'SGXS: a number is beyond any enclave.');
  return value;
}
