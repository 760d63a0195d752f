import { EnclosError } from '@enclos/errors';
import { PAGE_SIZE, PageFlags } from '../constants.ts';
import {
  CHUNK_BYTES,
  CHUNKS_PER_PAGE,
  isExtendOf,
  isZeroTo64,
  recordTagAt,
  safeInteger,
  type RecordKind,
} from './record.ts';

/**
 * The streams that are accepted.
 *
 * - `strict`: images of this project. Every byte of the file is measured and has a meaning: pages in ascending order from 0
 *   without gaps, each with its 16 chunks extended in order, readable REG pages only, one SSA frame page.
 * - `any`: other people's canonical SGXS: gaps, TCS pages, pages that are not
 *   extended or only partly, and UNMEASRD records.
 */
export type SgxsProfile = 'strict' | 'any';

export function refuse(reason: string): never {
  throw new EnclosError('SGXS_INVALID', `SGXS: ${reason}`);
}

const allChunks = 2 ** CHUNKS_PER_PAGE - 1;
const allPermissions = PageFlags.R | PageFlags.W | PageFlags.X;

/** True when `flags` may be the SECINFO.FLAGS of a page (SDM vol. 3D, EADD: no W without R, none at all for a TCS). */
export function isPageFlags(flags: bigint, profile: SgxsProfile): boolean {
  if (flags === PageFlags.TCS) return profile === 'any';
  if ((flags & ~allPermissions) !== PageFlags.REG) return false;
  const readable = (flags & PageFlags.R) !== 0n;
  return readable || (profile === 'any' && (flags & PageFlags.W) === 0n);
}

/** True for a size that ECREATE accepts: a power of two, at least two pages. */
export function isEnclaveSize(sizeBytes: bigint): boolean {
  return sizeBytes >= 2n * BigInt(PAGE_SIZE) && (sizeBytes & (sizeBytes - 1n)) === 0n;
}

/** True for an offset that EADD accepts: on a page boundary inside an enclave of a size that ECREATE accepts. */
export function isPageOffset(offset: number, sizeBytes: number): boolean {
  return offset >= 0 && offset % PAGE_SIZE === 0 && offset < sizeBytes;
}

/**
 * The order of records. It holds only a few numbers, whatever the length of the stream, so that all readers share one set of
 * rules.
 */
export class SgxsRules {
  readonly #profile: SgxsProfile;
  #created = false;
  #sizeBytes = 0;
  #ssaFrameSize = 0;
  #pageOffset = -1;
  #pageFlags = 0n;
  /** Bit n: chunk n of the current page was seen. */
  #chunks = allChunks;
  #offset = 0;

  constructor(profile: SgxsProfile) {
    this.#profile = profile;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get ssaFrameSize(): number {
    return this.#ssaFrameSize;
  }

  get pageFlags(): bigint {
    return this.#pageFlags;
  }

  /** Offset in the enclave of the last accepted record. */
  get offset(): number {
    return this.#offset;
  }

  /** Checks the 64-byte header at `at`, which must be in the view. @throws SGXS_INVALID */
  accept(view: DataView, at: number): RecordKind {
    if (this.#acceptNextExtend(view, at)) return 'eextend';
    const { kind, zerosFrom } = recordTagAt(view, at);
    if (!isZeroTo64(view, at, zerosFrom)) refuse('reserved bytes of a record are not zero.');
    if (this.#created === (kind === 'ecreate')) refuse('ECREATE must come first, and once.');
    if (kind === 'ecreate') this.#create(view, at);
    else if (kind === 'eadd') this.#add(view, at);
    else this.#chunk(safeInteger(view, at + 8), kind);
    return kind;
  }

  /** Checks that the stream may end here. @throws SGXS_INVALID */
  end(): void {
    if (!this.#created) refuse('the stream is empty.');
    if (this.#pageOffset < 0) refuse('the stream has no page.');
    this.#finishPage();
  }

  /** A shortcut, not another rule: the general path accepts the same record, at several times the cost. */
  #acceptNextExtend(view: DataView, at: number): boolean {
    const chunks = this.#chunks;
    if (chunks === allChunks || (chunks & (chunks + 1)) !== 0) return false;
    // Chunks 0 to n-1 were seen, and no other: n is the length of the mask.
    const next = this.#pageOffset + CHUNK_BYTES * (32 - Math.clz32(chunks));
    if (!isExtendOf(view, at, next)) return false;
    this.#chunks = 2 * chunks + 1;
    this.#offset = next;
    return true;
  }

  #create(view: DataView, at: number): void {
    const ssaFrameSize = view.getUint32(at + 8, true);
    const sizeBytes = safeInteger(view, at + 12);
    if (!isEnclaveSize(BigInt(sizeBytes))) refuse('the enclave size is not a power of two of at least two pages.');
    const isFrameSize = this.#profile === 'strict' ? ssaFrameSize === 1 : ssaFrameSize > 0;
    if (!isFrameSize) refuse('SSAFRAMESIZE is not accepted.');
    this.#created = true;
    this.#ssaFrameSize = ssaFrameSize;
    this.#sizeBytes = sizeBytes;
  }

  #add(view: DataView, at: number): void {
    const offset = safeInteger(view, at + 8);
    const flags = view.getBigUint64(at + 16, true);
    this.#finishPage();
    const next = this.#pageOffset < 0 ? 0 : this.#pageOffset + PAGE_SIZE;
    if (!isPageOffset(offset, this.#sizeBytes)) refuse('a page is not on a page boundary inside the enclave.');
    if (offset < next) refuse('pages are not in ascending order.');
    if (this.#profile === 'strict' && offset !== next) refuse('there is a gap between pages.');
    if (!isPageFlags(flags, this.#profile)) refuse('page flags that are not accepted.');
    this.#pageOffset = offset;
    this.#pageFlags = flags;
    this.#offset = offset;
    this.#chunks = 0;
  }

  #chunk(offset: number, kind: RecordKind): void {
    const within = offset - this.#pageOffset;
    if (this.#pageOffset < 0 || within < 0 || within >= PAGE_SIZE || within % CHUNK_BYTES !== 0) {
      refuse('a chunk is not one of the page before it.');
    }
    const bit = 1 << (within / CHUNK_BYTES);
    if ((this.#chunks & bit) !== 0) refuse('a chunk comes twice.');
    if (this.#profile === 'strict' && (kind !== 'eextend' || bit !== this.#chunks + 1)) {
      refuse('chunks are not all measured and in order.');
    }
    this.#chunks |= bit;
    this.#offset = offset;
  }

  #finishPage(): void {
    if (this.#profile === 'strict' && this.#chunks !== allChunks) refuse('a page is not measured in full.');
  }
}
