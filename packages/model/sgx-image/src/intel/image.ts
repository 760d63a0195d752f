import {
  dynamicValue,
  DynamicTag,
  ET_DYN,
  fileOffset,
  readDynamic,
  readHeader,
  readRelocationTable,
  relocationsIn,
  type ElfHeader,
  type ReadAt,
} from '@enclos/elf';
import { equalBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { PAGE_SIZE } from '@enclos/sgx';

import type { SdkEnclaveImage, SdkMetadata } from '../image.ts';
import { checkRegions, countThreads, maxRegions, pagesOf, streamBytesOf, zeros, type Region } from '../pages/region.ts';
import { loadedSegments, pageOf, roundUpToPage, segmentRegions, type LoadedSegment } from '../pages/segments.ts';
import { checkEnclaveSize, checkSsaFrameSize } from '../pages/size.ts';
import { refuse, refusing } from '../refusals.ts';
import { readLayout, readPatches } from './layout.ts';
import type { IntelMetadata } from './metadata.ts';

/** Versions from this one on name the address that the enclave is loaded at, in another directory (13 for 3, 11 for 1). */
const majorGap = 10;
const maxMajor = 3;

/**
 * An enclave file of Intel's SGX SDK, as its loader puts it into memory on a processor without EDMM: of several metadata the last counts.
 * @throws ENCLAVE_FILE_INVALID, ENCLAVE_FILE_NOT_SIGNED, ENCLAVE_FILE_ZERO_BASE
 */
export function openIntelImage(read: ReadAt, fileBytes: number, all: readonly IntelMetadata[]): SdkEnclaveImage {
  const metadata = all.at(-1);
  if (metadata === undefined) {
    throw new EnclosError(
      'ENCLAVE_FILE_NOT_SIGNED',
      'Intel’s sgx_sign has not written metadata into this enclave file.',
    );
  }
  checkVersion(metadata);
  checkSignatures(all, metadata);
  const sizeBytes = checkEnclaveSize(metadata.enclaveBytes);
  checkSsaFrameSize(metadata.ssaFrameSize);
  const layout = readLayout(metadata);
  const regions = checkRegions([...readSegmentRegions(read, fileBytes, metadata), ...layout.regions], sizeBytes);
  return Object.freeze({
    sdk: 'intel',
    version: versionOf(metadata),
    sizeBytes: metadata.enclaveBytes,
    ssaFrameSize: metadata.ssaFrameSize,
    attributes: Object.freeze({ flags: metadata.flags, xfrm: metadata.xfrm }),
    miscSelect: metadata.miscSelect,
    signature: metadata.signature,
    threads: countThreads(regions),
    streamBytes: streamBytesOf(regions),
    heapBytes: layout.heapBytes,
    stackBytes: layout.stackBytes,
    metadata: describeMetadata(all),
    product: undefined,
    pages: () => pagesOf(regions),
  });
}

export function describeMetadata(all: readonly IntelMetadata[]): readonly SdkMetadata[] {
  const described = all.map((one) => ({
    version: versionOf(one),
    enclaveBytes: one.enclaveBytes,
    signatureOffset: one.signatureOffset,
    signature: one.signature,
  }));
  return Object.freeze(described.map((one) => Object.freeze(one)));
}

function versionOf({ major, minor }: IntelMetadata): string {
  return `${major}.${minor}`;
}

function checkVersion({ major, minor }: IntelMetadata): void {
  if (major > majorGap && major <= majorGap + maxMajor) {
    throw new EnclosError('ENCLAVE_FILE_ZERO_BASE', `Metadata ${major}.${minor} name the address of the enclave.`);
  }
  if (major < 1 || major > maxMajor) refuse(`metadata of version ${major}.${minor} are not read here.`);
}

/** sgx_sign signs once, for all: with two signatures, it would depend on the loader who signed the enclave. */
function checkSignatures(all: readonly IntelMetadata[], { signature }: IntelMetadata): void {
  const none = new Uint8Array();
  const isOne = all.every((one) => equalBytes(one.signature ?? none, signature ?? none));
  if (!isOne) refuse('its metadata have different signatures.');
}

function readSegmentRegions(read: ReadAt, fileBytes: number, metadata: IntelMetadata): readonly Region[] {
  const header = refusing(() => readHeader(read));
  if (header.type !== ET_DYN) refuse('it is not a shared object.');
  const segments = loadedSegments(header.segments, fileBytes);
  const writablePages = refusing(() => relocatedPages(read, header));
  const source = { read, fileBytes, filePatches: readPatches(metadata), ...(writablePages && { writablePages }) };
  const own = segments.map((segment) => segmentRegions(segment, source));
  // Version 1.3 only: the loader adds a page of zeros after a segment, where its size and its end round differently.
  const isOldest = metadata.major === 1 && metadata.minor === 3;
  return isOldest
    ? own.flatMap((regions, index) => [...extraPage(segments, index), ...regions]).concat(lastExtraPage(segments))
    : own.flat();
}

/** The page that belongs to the highest segment before `index`; it comes before the segment of `index`. */
function extraPage(segments: readonly LoadedSegment[], index: number): readonly Region[] {
  const next = segments[index];
  const highest = highestOf(segments.slice(0, index));
  if (next === undefined || highest === undefined) return [];
  const end = roundUpToPage(highest.address + highest.memoryBytes);
  return hasExtraPage(highest) && end < pageOf(next.address) * PAGE_SIZE ? [extraRegion(highest)] : [];
}

function lastExtraPage(segments: readonly LoadedSegment[]): readonly Region[] {
  const highest = highestOf(segments);
  return highest !== undefined && hasExtraPage(highest) ? [extraRegion(highest)] : [];
}

function highestOf(segments: readonly LoadedSegment[]): LoadedSegment | undefined {
  return segments.reduce<LoadedSegment | undefined>(
    (highest, segment) => (segment.address > (highest?.address ?? 0) ? segment : highest),
    undefined,
  );
}

function hasExtraPage({ address, memoryBytes }: LoadedSegment): boolean {
  return roundUpToPage(memoryBytes + address) < roundUpToPage(roundUpToPage(memoryBytes) + address);
}

function extraRegion({ address, memoryBytes, flags }: LoadedSegment): Region {
  return { offset: roundUpToPage(address + memoryBytes), pages: 1, flags, measured: true, content: zeros };
}

const R_X86_64_NONE = 0;
const wordBytes = 8;

/** With DT_TEXTREL, the pages that relocations change are writable, also in the text. */
function relocatedPages(read: ReadAt, { segments }: ElfHeader): ReadonlySet<number> | undefined {
  const entries = readDynamic(read, segments);
  if (dynamicValue(entries, DynamicTag.TEXTREL) === undefined) return undefined;
  const pages = new Set<number>();
  for (const [table, size] of [
    [DynamicTag.JMPREL, DynamicTag.PLTRELSZ],
    [DynamicTag.RELA, DynamicTag.RELASZ],
  ] as const) {
    const [address, sizeBytes] = [dynamicValue(entries, table), dynamicValue(entries, size)];
    if (address === undefined || sizeBytes === undefined || sizeBytes === 0n) continue;
    const bytes = readRelocationTable(read, { offset: fileOffset(segments, address), sizeBytes });
    for (const { offset, type } of relocationsIn(bytes)) {
      if (type === R_X86_64_NONE || offset > BigInt(Number.MAX_SAFE_INTEGER - PAGE_SIZE)) continue;
      pages.add(pageOf(Number(offset)));
      pages.add(pageOf(Number(offset) + wordBytes - 1));
      // Each may become a region.
      if (pages.size > maxRegions) refuse(`its relocations change more than ${maxRegions} pages.`);
    }
  }
  return pages;
}
