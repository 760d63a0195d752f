import { gcmIvBytes, gcmTagBytes, type SealedBytes } from '../digests.ts';
import { invalid } from '../within.ts';
import { readU32, readU64, writeU32, writeU64 } from './integers.ts';

/** Version, flags and size (CCF, src/kv/serialised_entry_format.h). */
export const entryHeaderBytes = 8;
const formatVersion = 1;
const ivAt = entryHeaderBytes + gcmTagBytes;
const lengthAt = ivAt + gcmIvBytes;
/** Where the public domain begins. */
export const publicAt: number = lengthAt + 8;

/** Bits of an entry's flags. */
export const entryFlags = Object.freeze({
  /** The chunk ends after this entry. */
  chunkAfter: 1,
  /** This entry begins a chunk. */
  chunkBefore: 2,
});

/**
 * An entry taken apart, without what its domains mean. All bytes are views of the entry's own, made when they are asked for.
 * Layout: `u8 1 | u8 flags | u48 size | tag[16] | iv[12] | u64 public length | public domain | sealed private domain`.
 */
export class EntryFrame {
  /** The whole entry with its header: what `write_set_digest` is the digest of. */
  readonly bytes: Uint8Array;
  /** Where the private domain begins. */
  readonly privateAt: number;

  /** @throws LEDGER_INVALID for bytes that are not exactly one entry. */
  constructor(bytes: Uint8Array) {
    if (bytes.length < publicAt) throw invalid(`An entry of ${bytes.length} bytes, which has at least ${publicAt}.`);
    const size = entrySize(bytes);
    if (size !== bytes.length) throw invalid(`An entry names a size of ${size} bytes, and has ${bytes.length}.`);
    const publicLength = readU64(bytes, lengthAt);
    if (publicLength > size - publicAt) throw invalid('The public domain of an entry is longer than the entry.');
    this.bytes = bytes;
    this.privateAt = publicAt + publicLength;
  }

  /** Bits of `entryFlags`. */
  get flags(): number {
    return this.bytes[1] ?? 0;
  }

  /** `u64 seqno | u32 view`. */
  get iv(): Uint8Array {
    return this.bytes.subarray(ivAt, lengthAt);
  }

  get ivSeqno(): number {
    return readU64(this.bytes, ivAt);
  }

  get ivTerm(): number {
    return readU32(this.bytes, ivAt + 8);
  }

  get publicDomain(): Uint8Array {
    return this.bytes.subarray(publicAt, this.privateAt);
  }

  get sealed(): SealedBytes {
    return { tag: this.bytes.subarray(entryHeaderBytes, ivAt), ciphertext: this.bytes.subarray(this.privateAt) };
  }
}

/**
 * The size of an entry with its header, from the header alone.
 *
 * @param header At least 8 bytes.
 * @throws LEDGER_INVALID for another version of the format.
 */
export function entrySize(header: Uint8Array): number {
  if (header[0] !== formatVersion) throw invalid(`An entry has version ${header[0]} of the format, not 1.`);
  return entryHeaderBytes + ((header[2] ?? 0) | ((header[3] ?? 0) << 8)) + readU32(header, 4) * 2 ** 16;
}

/**
 * Makes room for an entry, whose public domain begins at `publicAt`. `writeIv` and `fillSealed` complete it.
 *
 * @param sizes Bytes of its two domains.
 * @param take Gives zeroed memory.
 */
export function openFrame(
  flags: number,
  sizes: { readonly public: number; readonly private: number },
  take: (length: number) => Uint8Array,
): Uint8Array {
  const bytes = take(publicAt + sizes.public + sizes.private);
  const size = bytes.length - entryHeaderBytes;
  bytes[0] = formatVersion;
  bytes[1] = flags;
  bytes[2] = size;
  bytes[3] = size >>> 8;
  writeU32(bytes, 4, Math.floor(size / 2 ** 16));
  writeU64(bytes, lengthAt, sizes.public);
  return bytes;
}

/** Writes the IV (CCF, src/kv/encryptor.h): `u64 seqno | u32 view`. @param term The view, or 2^31 for snapshots. */
export function writeIv(bytes: Uint8Array, seqno: number, term: number): Uint8Array {
  writeU64(bytes, ivAt, seqno);
  writeU32(bytes, ivAt + 8, term);
  return bytes.subarray(ivAt, lengthAt);
}

/** Writes the tag, and the private domain at its place after the public one. */
export function fillSealed(bytes: Uint8Array, { tag, ciphertext }: SealedBytes): void {
  bytes.set(tag, entryHeaderBytes);
  if (ciphertext.length > 0) bytes.set(ciphertext, bytes.length - ciphertext.length);
}
