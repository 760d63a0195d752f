import { viewOf } from '@enclos/codec';
import { PAGE_SIZE, PageFlags } from '@enclos/sgx';

import { maxRegions, zeros, type Region, type RegionContent } from '../pages/region.ts';
import type { Patch } from '../pages/segments.ts';
import { refuse } from '../refusals.ts';
import { directoryOf, metadataBytes, type IntelMetadata } from './metadata.ts';

/** The directories of metadata (Intel SGX SDK, metadata.h, dir_index_t). */
const patchDirectory = 0;
const layoutDirectory = 1;
const extensionDirectory = 3;

/** Both patch_entry_t and layout_t. */
const entryBytes = 32;
const groupFlag = 1 << 12;
const isAdded = 1;
const isExtended = 2;
const tcsTemplateBytes = 72;

/** What entries of the layout are for, as far as that is shown to anyone. Version 1.3 has other numbers. */
const ids = { heap: new Set([1, 2]), stack: new Set([7, 8]) };
const oldestIds = { heap: new Set([1]), stack: new Set([5]) };
const sharedObjectId = 0x1002;

export interface IntelLayout {
  readonly regions: readonly Region[];
  readonly heapBytes: number;
  readonly stackBytes: number;
}

/** What the signer changed in the file: the last one at a place wins. @throws ENCLAVE_FILE_INVALID */
export function readPatches(metadata: IntelMetadata): readonly Patch[] {
  const { offset, sizeBytes } = directoryOf(metadata, patchDirectory);
  const view = viewOf(metadata.bytes);
  const patches: Patch[] = [];
  for (let at = offset; at + entryBytes <= offset + sizeBytes; at += entryBytes) {
    const target = view.getBigUint64(at, true);
    const bytes = metadataBytes(metadata, view.getUint32(at + 8, true), view.getUint32(at + 12, true));
    if (target + BigInt(bytes.length) > metadata.enclaveBytes) refuse('a patch is not in the enclave.');
    patches.push({ offset: Number(target), bytes });
  }
  return patches;
}

/**
 * The regions after the segments: heap, and stack, TCS, SSA and thread data of each thread. Entries that are only added at run time
 * (EDMM) are left out, as on a processor without it.
 * @throws ENCLAVE_FILE_INVALID
 */
export function readLayout(metadata: IntelMetadata): IntelLayout {
  refuseSharedObject(metadata);
  const entries = readEntries(metadata);
  const regions: Region[] = [];
  entries.forEach((entry, index) => {
    if (entry.kind === 'entry') {
      addRegion(regions, metadata, entry, 0);
      return;
    }
    const { count, times, step } = entry;
    const repeated = entries.slice(index - count, index);
    if (count === 0 || count > index) refuse('a group of its layout repeats more entries than there are.');
    if (times * count > maxRegions) refuse(`it has more than ${maxRegions} regions.`);
    // u64: a step beyond any enclave is refused with the first region that it gives.
    if (step > metadata.enclaveBytes) refuse('a group of its layout leaves the enclave.');
    for (let time = 1; time <= times; time++) {
      for (const one of repeated) {
        if (one.kind === 'group') refuse('a group of its layout repeats another group.');
        addRegion(regions, metadata, one, time * Number(step));
      }
    }
  });
  return { regions, ...sizesIn(entries, metadata.major === 1 && metadata.minor === 3 ? oldestIds : ids) };
}

function sizesIn(entries: readonly Entry[], { heap, stack }: typeof ids): Omit<IntelLayout, 'regions'> {
  const bytesOf = (some: readonly Entry[], wanted: ReadonlySet<number>): number =>
    some.reduce((sum, entry) => (isPresent(entry) && wanted.has(entry.id) ? sum + entry.pages * PAGE_SIZE : sum), 0);
  // The first thread has a stack as all have.
  const firstTcs = entries.findIndex((entry) => entry.kind === 'entry' && entry.flags === PageFlags.TCS);
  return { heapBytes: bytesOf(entries, heap), stackBytes: bytesOf(entries.slice(0, Math.max(firstTcs, 0)), stack) };
}

type Entry = LayoutEntry | LayoutGroup;

interface LayoutEntry {
  readonly kind: 'entry';
  readonly id: number;
  readonly attributes: number;
  readonly pages: number;
  readonly offset: bigint;
  readonly contentBytes: number;
  readonly contentOffset: number;
  readonly flags: bigint;
}

interface LayoutGroup {
  readonly kind: 'group';
  readonly count: number;
  readonly times: number;
  readonly step: bigint;
}

function isPresent(entry: Entry): entry is LayoutEntry {
  return entry.kind === 'entry' && (entry.attributes & isAdded) !== 0;
}

function readEntries(metadata: IntelMetadata): readonly Entry[] {
  const { offset, sizeBytes } = directoryOf(metadata, layoutDirectory);
  const view = viewOf(metadata.bytes);
  return Array.from({ length: Math.floor(sizeBytes / entryBytes) }, (_, index): Entry => {
    const at = offset + index * entryBytes;
    const [id, second, third] = [view.getUint16(at, true), view.getUint16(at + 2, true), view.getUint32(at + 4, true)];
    const fourth = view.getBigUint64(at + 8, true);
    if ((id & groupFlag) !== 0) return { kind: 'group', count: second, times: third, step: fourth };
    return {
      kind: 'entry',
      id,
      attributes: second,
      pages: third,
      offset: fourth,
      contentBytes: view.getUint32(at + 16, true),
      contentOffset: view.getUint32(at + 20, true),
      flags: view.getBigUint64(at + 24, true),
    };
  });
}

function addRegion(regions: Region[], metadata: IntelMetadata, entry: LayoutEntry, shift: number): void {
  const { attributes, pages, flags, contentOffset } = entry;
  if ((attributes & isAdded) === 0 || flags === 0n || pages === 0) return;
  if (regions.length === maxRegions) refuse(`it has more than ${maxRegions} regions.`);
  if (entry.offset > metadata.enclaveBytes) refuse('a region is not in the range of the enclave.');
  const offset = Number(entry.offset) + shift;
  const content = contentOf(metadata, entry, offset);
  // The loader measures pages with content, whatever the entry says; a TCS, and pages without any, as it says.
  const hasBytes = contentOffset !== 0 && flags !== PageFlags.TCS;
  regions.push({ offset, pages, flags, measured: hasBytes || (attributes & isExtended) !== 0, content });
}

function contentOf(metadata: IntelMetadata, entry: LayoutEntry, offset: number): RegionContent {
  const { contentOffset, contentBytes, flags, pages } = entry;
  if (contentOffset === 0) return contentBytes === 0 ? zeros : { kind: 'same', page: filledPage(contentBytes) };
  const bytes = metadataBytes(metadata, contentOffset, contentBytes);
  if (flags === PageFlags.TCS) {
    if (pages !== 1 || bytes.length < tcsTemplateBytes || bytes.length > PAGE_SIZE) {
      refuse('a template of a TCS has another size.');
    }
    // Made when it is asked for: a file may claim thousands of threads.
    return { kind: 'read', read: () => placedTcs(bytes, offset) };
  }
  if (bytes.length > pages * PAGE_SIZE) refuse('a region has more content than pages.');
  return {
    kind: 'read',
    read: (page, count) => {
      const block = new Uint8Array(count * PAGE_SIZE);
      block.set(bytes.subarray(page * PAGE_SIZE, (page + count) * PAGE_SIZE));
      return block;
    },
  };
}

function filledPage(word: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  const view = viewOf(page);
  for (let at = 0; at < PAGE_SIZE; at += 4) view.setUint32(at, word, true);
  return page;
}

/** OSSA, OFSBASE and OGSBASE of the template count from the TCS (SDM vol. 3D, 35.8: from the start of the enclave). */
const relocatedFields = [16, 48, 56];

function placedTcs(template: Uint8Array, offset: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  page.set(template);
  const view = viewOf(page);
  for (const at of relocatedFields) view.setBigUint64(at, view.getBigUint64(at, true) + BigInt(offset), true);
  return page;
}

/** Versions 1.5 and 3.2, and later ones, may hold a second shared object, the FIPS provider. */
function refuseSharedObject(metadata: IntelMetadata): void {
  const { major, minor } = metadata;
  if (!(major === 1 && minor >= 5) && !(major === 3 && minor >= 2)) return;
  const { offset, sizeBytes } = directoryOf(metadata, extensionDirectory);
  const view = viewOf(metadata.bytes);
  for (let at = offset; at + 16 <= offset + sizeBytes; at += 16) {
    const isSharedObject = view.getUint32(at, true) === sharedObjectId;
    if (isSharedObject) refuse('it holds a second shared object (FIPS), which is not read here.');
  }
}
