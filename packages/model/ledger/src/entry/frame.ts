import { viewOf } from '@enclos/codec';
import { gcmIvBytes, gcmTagBytes, type SealedBytes } from '../digests.ts';
import { invalid } from '../within.ts';

/** Version, flags and size (CCF, src/kv/serialised_entry_format.h). */
export const entryHeaderBytes = 8;
const bodyHeaderBytes = gcmTagBytes + gcmIvBytes + 8;
const formatVersion = 1;

/** Bits of an entry's flags. */
export const entryFlags = Object.freeze({
  /** The chunk ends after this entry. */
  chunkAfter: 1,
  /** This entry begins a chunk. */
  chunkBefore: 2,
});

/**
 * An entry taken apart, without what its domains mean. All bytes are views of the entry's own.
 * Layout: `u8 1 | u8 flags | u48 size | tag[16] | iv[12] | u64 public length | public domain | sealed private domain`.
 */
export interface EntryFrame {
  /** The whole entry with its header: what `write_set_digest` is the digest of. */
  readonly bytes: Uint8Array;
  readonly flags: number;
  readonly iv: Uint8Array;
  readonly publicDomain: Uint8Array;
  readonly sealed: SealedBytes;
}

/**
 * The size of an entry with its header, from the header alone.
 *
 * @param header At least 8 bytes at `at`.
 * @throws LEDGER_INVALID for another version of the format.
 */
export function entrySize(header: Uint8Array, at = 0): number {
  const view = viewOf(header);
  const version = view.getUint8(at);
  if (version !== formatVersion) {
    throw invalid(`The entry at offset ${at} has version ${version} of the format, not 1.`);
  }
  return entryHeaderBytes + view.getUint16(at + 2, true) + view.getUint32(at + 4, true) * 2 ** 16;
}

/** @throws LEDGER_INVALID for bytes that are not exactly one entry. */
export function readFrame(bytes: Uint8Array): EntryFrame {
  const domains = entryHeaderBytes + bodyHeaderBytes;
  if (bytes.length < domains) throw invalid(`An entry of ${bytes.length} bytes, which has at least ${domains}.`);
  const size = entrySize(bytes);
  if (size !== bytes.length) throw invalid(`An entry names a size of ${size} bytes, and has ${bytes.length}.`);
  const view = viewOf(bytes);
  const ivAt = entryHeaderBytes + gcmTagBytes;
  const lengthAt = ivAt + gcmIvBytes;
  const publicLength = view.getUint32(lengthAt, true) + view.getUint32(lengthAt + 4, true) * 2 ** 32;
  if (publicLength > bytes.length - domains) throw invalid('The public domain of an entry is longer than the entry.');
  const publicEnd = domains + publicLength;
  return {
    bytes,
    flags: view.getUint8(1),
    iv: bytes.subarray(ivAt, lengthAt),
    publicDomain: bytes.subarray(domains, publicEnd),
    sealed: { tag: bytes.subarray(entryHeaderBytes, ivAt), ciphertext: bytes.subarray(publicEnd) },
  };
}

/** An entry to fill: its public domain stands at `publicAt`. Then `sealFrame` completes it. */
export interface OpenFrame {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly publicAt: number;
}

/** Makes room for an entry. @param sizes Bytes of its two domains. */
export function openFrame(flags: number, sizes: { readonly public: number; readonly private: number }): OpenFrame {
  const publicAt = entryHeaderBytes + bodyHeaderBytes;
  const bytes = new Uint8Array(publicAt + sizes.public + sizes.private);
  const view = viewOf(bytes);
  const size = bytes.length - entryHeaderBytes;
  view.setUint8(0, formatVersion);
  view.setUint8(1, flags);
  view.setUint16(2, size & 0xffff, true);
  view.setUint32(4, Math.floor(size / 2 ** 16), true);
  writeU64(view, publicAt - 8, sizes.public);
  return { bytes, view, publicAt };
}

/** Writes the IV (CCF, src/kv/encryptor.h): `u64 seqno | u32 view`. @param term The view, or 2^31 for snapshots. */
export function writeIv({ bytes, view }: OpenFrame, seqno: number, term: number): Uint8Array {
  const at = entryHeaderBytes + gcmTagBytes;
  writeU64(view, at, seqno);
  view.setUint32(at + 8, term, true);
  return bytes.subarray(at, at + gcmIvBytes);
}

/** Writes the tag, and the private domain at its place behind the public one. */
export function fillSealed({ bytes }: OpenFrame, { tag, ciphertext }: SealedBytes): void {
  bytes.set(tag, entryHeaderBytes);
  if (ciphertext.length > 0) bytes.set(ciphertext, bytes.length - ciphertext.length);
}

/** Writes a safe integer as a 64-bit one. */
export function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}
