import { EnclosError } from '@enclos/errors';
import { digestBytes, type GcmKey } from '../digests.ts';
import type { MapChanges, TransactionId, WriteSet } from '../write-set.ts';
import { hasClaims, hasCommitEvidence, headBytes, type TransactionType } from './entry.ts';
import { fillSealed, openFrame, publicAt, writeIv } from './frame.ts';
import { writeU64 } from './integers.ts';
import { Slab } from './slab.ts';
import { isPrivate, MapWriter } from './map-writer.ts';

/** What an entry is made of. */
export interface EntryContents extends TransactionId {
  /** Type 4 if it is left out. */
  readonly type?: TransactionType;
  /** Bits of `entryFlags`. */
  readonly flags?: number;
  /** For types 2 and 4; zeros if it is left out. */
  readonly claimsDigest?: Uint8Array | undefined;
  /** For types 3 and 4, where it must be there. */
  readonly commitEvidenceDigest?: Uint8Array | undefined;
  readonly conflictVersion?: number;
  /** Public and private maps, ordered by name. */
  readonly writes: WriteSet;
}

/** Encodes entries. One encoder serves a whole ledger: it keeps the bytes of map names. */
export class EntryEncoder {
  readonly #maps = new MapWriter();
  readonly #slab = new Slab();

  /**
   * One entry, header and body. Its memory may hold other entries too.
   *
   * @param key The ledger secret, for the private maps.
   * @throws CODEC_OUT_OF_RANGE for a view or seqno that an entry cannot hold, or a digest of another length.
   */
  encode(contents: EntryContents, key: GcmKey): Uint8Array {
    const { type = 4, flags = 0, seqno, view, writes } = contents;
    checkId(contents);
    const privateMaps: MapChanges[] = [];
    let publicSize = headBytes(type);
    let privateSize = 0;
    for (const changes of writes) {
      if (isPrivate(changes.name)) {
        privateMaps.push(changes);
        privateSize += this.#maps.size(changes);
      } else publicSize += this.#maps.size(changes);
    }
    const bytes = openFrame(flags, { public: publicSize, private: privateSize }, (length) => this.#slab.take(length));
    this.#writePublic(bytes, contents, type);
    const privateAt = publicAt + publicSize;
    this.#writeMaps(privateMaps, bytes, privateAt);
    const publicDomain = bytes.subarray(publicAt, privateAt);
    fillSealed(bytes, key.seal(writeIv(bytes, seqno, view), bytes.subarray(privateAt), publicDomain));
    return bytes;
  }

  #writePublic(bytes: Uint8Array, contents: EntryContents, type: TransactionType): void {
    let at = publicAt;
    bytes[at] = type;
    writeU64(bytes, at + 1, contents.seqno);
    at += 9;
    if (hasClaims(type)) at = writeDigest(contents.claimsDigest ?? noClaims, bytes, at);
    if (hasCommitEvidence(type)) at = writeDigest(contents.commitEvidenceDigest, bytes, at);
    writeU64(bytes, at, contents.conflictVersion ?? 0);
    at += 8;
    for (const changes of contents.writes) {
      if (!isPrivate(changes.name)) at = this.#maps.write(changes, bytes, at);
    }
  }

  #writeMaps(maps: readonly MapChanges[], bytes: Uint8Array, start: number): void {
    let at = start;
    for (const changes of maps) at = this.#maps.write(changes, bytes, at);
  }
}

/** The claims of a transaction whose application claims nothing. */
export const noClaims: Uint8Array = new Uint8Array(digestBytes);

function writeDigest(digest: Uint8Array | undefined, bytes: Uint8Array, at: number): number {
  if (digest?.length !== digestBytes) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', 'An entry of this type needs a digest of 32 bytes.');
  }
  bytes.set(digest, at);
  return at + digestBytes;
}

function checkId({ view, seqno }: TransactionId): void {
  if (Number.isSafeInteger(seqno) && seqno >= 0 && Number.isSafeInteger(view) && view >= 0 && view < 2 ** 31) return;
  throw new EnclosError('CODEC_OUT_OF_RANGE', `An entry cannot hold the identifier ${view}.${seqno}.`);
}
