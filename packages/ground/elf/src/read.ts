import { decodeLatin1 } from '@enclos/codec/text';

/** Reads up to `length` bytes of a file at `offset`; fewer at its end. It may put them into `room`, which has at least so many. */
export type ReadAt = (offset: number, length: number, room?: Uint8Array) => Uint8Array;

/** A part of a file, in bytes. */
export interface FilePart {
  readonly offset: bigint;
  readonly sizeBytes: bigint;
}

/**
 * All bytes of a part of a file, when they are no more than `maxBytes`.
 * @param room at least so many bytes that may be used for them
 * @throws RangeError
 */
export function readExactly(
  read: ReadAt,
  { offset, sizeBytes }: FilePart,
  maxBytes: number,
  room?: Uint8Array,
): Uint8Array {
  if (sizeBytes > BigInt(maxBytes) || offset > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RangeError('A part of the ELF file is out of bounds.');
  }
  const bytes = read(Number(offset), Number(sizeBytes), room);
  if (bytes.length < Number(sizeBytes)) throw new RangeError('The ELF file ends too early.');
  return bytes;
}

/** The name that begins at `offset` of a table of names; empty for one that is longer than `maxBytes` or has no end. */
export function nameAt(names: Uint8Array, offset: number, maxBytes: number): string {
  const bytes = names.subarray(offset, offset + maxBytes + 1);
  const end = bytes.indexOf(0);
  return end < 0 ? '' : decodeLatin1(bytes.subarray(0, end));
}
