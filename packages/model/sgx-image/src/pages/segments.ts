import { PF_R, PF_W, PF_X, PT_LOAD, readExactly, type ReadAt, type Segment } from '@enclos/elf';
import { PAGE_SIZE, PageFlags } from '@enclos/sgx';

import { refuse, refusing } from '../refusals.ts';
import { zeros, type Region } from './region.ts';
import { maxEnclaveBytes } from './size.ts';

/** Bytes that replace others: of the file, or of the memory that it is loaded to. The later one wins. */
export interface Patch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface SegmentSource {
  readonly read: ReadAt;
  readonly fileBytes: number;
  readonly filePatches?: readonly Patch[];
  /** By address, after the file's bytes are in place. */
  readonly memoryPatches?: readonly Patch[];
  /** Pages of these numbers are writable whatever their segment says. */
  readonly writablePages?: ReadonlySet<number>;
}

/** A segment that is loaded, in numbers: everything in it is checked. */
export interface LoadedSegment {
  readonly flags: bigint;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

/** The segments that are loaded, in the order of the file. @throws ENCLAVE_FILE_INVALID */
export function loadedSegments(segments: readonly Segment[], fileBytes: number): readonly LoadedSegment[] {
  const loaded = segments.filter(({ type }) => type === PT_LOAD);
  if (loaded.length === 0) refuse('it has no segment to load.');
  return loaded.map((segment) => {
    const { offset, address, sizeBytes, memoryBytes } = segment;
    const limit = BigInt(maxEnclaveBytes);
    if (address > limit || memoryBytes > limit || memoryBytes === 0n) refuse('a segment is not in any enclave.');
    if (sizeBytes > memoryBytes) refuse('a segment has more bytes in the file than in memory.');
    if (offset + sizeBytes > BigInt(fileBytes)) refuse('a segment ends after the file.');
    return {
      flags: flagsOf(segment),
      offset: Number(offset),
      address: Number(address),
      fileBytes: Number(sizeBytes),
      memoryBytes: Number(memoryBytes),
    };
  });
}

function flagsOf({ flags }: Segment): bigint {
  const permissions =
    ((flags & PF_R) === 0 ? 0n : PageFlags.R) |
    ((flags & PF_W) === 0 ? 0n : PageFlags.W) |
    ((flags & PF_X) === 0 ? 0n : PageFlags.X);
  if (permissions === 0n) refuse('a segment has no permissions.');
  return PageFlags.REG | permissions;
}

export function pageOf(address: number): number {
  return Math.floor(address / PAGE_SIZE);
}

export function roundUpToPage(bytes: number): number {
  return Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
}

/** The regions of a segment, all of it measured: one, or several where some pages are writable and others not. */
export function segmentRegions(segment: LoadedSegment, source: SegmentSource): readonly Region[] {
  const first = pageOf(segment.address);
  const filePages = segment.fileBytes === 0 ? first : pageOf(segment.address + segment.fileBytes - 1) + 1;
  const endPage = pageOf(segment.address + segment.memoryBytes - 1) + 1;
  const regions: Region[] = [];
  const add = (from: number, to: number, flags: bigint): void => {
    if (from === to) return;
    const read = (page: number, count: number, room: Uint8Array): Uint8Array =>
      readPages(segment, source, { first: from + page, count, room });
    regions.push({
      offset: from * PAGE_SIZE,
      pages: to - from,
      flags,
      measured: true,
      content: { kind: 'read', read },
    });
  };
  let from = first;
  const patchedEnd = Math.max(filePages, lastPatchedPage(segment, source));
  for (const page of writableRuns(segment, source, { first, end: patchedEnd })) {
    add(from, page, segment.flags);
    add(page, page + 1, segment.flags | PageFlags.W);
    from = page + 1;
  }
  add(from, patchedEnd, segment.flags);
  const rest = endPage - patchedEnd;
  if (rest > 0) {
    regions.push({ offset: patchedEnd * PAGE_SIZE, pages: rest, flags: segment.flags, measured: true, content: zeros });
  }
  return regions;
}

/** The end of the pages that a patch of memory may give content to, although the file has none for them. */
function lastPatchedPage({ address, memoryBytes }: LoadedSegment, { memoryPatches = [] }: SegmentSource): number {
  const end = roundUpToPage(address + memoryBytes);
  const ends = memoryPatches
    .filter(({ offset, bytes }) => offset < end && offset + bytes.length > address)
    .map(({ offset, bytes }) => pageOf(Math.min(offset + bytes.length, end) - 1) + 1);
  return Math.max(0, ...ends);
}

function writableRuns(
  { flags }: LoadedSegment,
  { writablePages }: SegmentSource,
  { first, end }: { readonly first: number; readonly end: number },
): readonly number[] {
  if (writablePages === undefined || (flags & PageFlags.W) !== 0n) return [];
  return [...writablePages].filter((page) => page >= first && page < end).sort((a, b) => a - b);
}

function readPages(
  segment: LoadedSegment,
  { read, filePatches = [], memoryPatches = [] }: SegmentSource,
  { first, count, room }: { readonly first: number; readonly count: number; readonly room: Uint8Array },
): Uint8Array {
  const start = first * PAGE_SIZE;
  const blockBytes = count * PAGE_SIZE;
  const from = Math.max(start, segment.address);
  const to = Math.min(start + blockBytes, segment.address + segment.fileBytes);
  const offset = segment.offset + (from - segment.address);
  const ofFile = (): Uint8Array =>
    refusing(() => readExactly(read, { offset: BigInt(offset), sizeBytes: BigInt(to - from) }, blockBytes, room));
  const isPatched =
    filePatches.some((patch) => isIn(patch, offset, to - from)) ||
    memoryPatches.some((patch) => isIn(patch, start, blockBytes));
  // Most of a large file is loaded as it is: it is not copied.
  if (to - from === blockBytes && !isPatched) return ofFile();
  const block = new Uint8Array(blockBytes);
  if (to > from) {
    const place = block.subarray(from - start, to - start);
    place.set(ofFile());
    for (const patch of filePatches) applyPatch(place, offset, patch);
  }
  for (const patch of memoryPatches) applyPatch(block, start, patch);
  return block;
}

function isIn({ offset, bytes }: Patch, start: number, length: number): boolean {
  return offset < start + length && offset + bytes.length > start;
}

/** Puts the part of a patch that lies in `bytes`, which begin at `start`, into its place. */
function applyPatch(bytes: Uint8Array, start: number, patch: Patch): void {
  const from = Math.max(start, patch.offset);
  const to = Math.min(start + bytes.length, patch.offset + patch.bytes.length);
  if (to > from) bytes.set(patch.bytes.subarray(from - patch.offset, to - patch.offset), from - start);
}
