import {
  dynamicValue,
  DynamicTag,
  EM_X86_64,
  ET_DYN,
  fileOffset,
  findSymbols,
  readDynamic,
  readHeader,
  type ElfHeader,
  type ElfSection,
  type ReadAt,
} from '@enclos/elf';
import { EnclosError } from '@enclos/errors';
import { Attribute, LEGACY_XFRM, MISCSELECT_EXINFO, PAGE_SIZE } from '@enclos/sgx';

import type { SdkEnclaveImage, SdkMetadata } from '../image.ts';
import { checkRegions, countThreads, pagesOf, streamBytesOf } from '../pages/region.ts';
import { loadedSegments, roundUpToPage, segmentRegions, type LoadedSegment, type Patch } from '../pages/segments.ts';
import { checkEnclaveSize, maxEnclaveBytes } from '../pages/size.ts';
import { refuse, refusing } from '../refusals.ts';
import { SIGSTRUCT_BYTES } from '../signature.ts';
import { addedRegions, threadPages, type Places } from './places.ts';
import { propertiesSizes, wantedFlags, type Properties } from './properties.ts';
import { readRelocationPages } from './relocations.ts';
import { readThreadVariables, type ThreadVariables } from './thread-variables.ts';

export interface OpenEnclaveParts {
  /** `.oeinfo`. */
  readonly section: ElfSection;
  readonly sections: readonly ElfSection[];
  readonly properties: Properties;
}

export function describeProperties({ offset }: ElfSection, properties: Properties): readonly SdkMetadata[] {
  const { signatureAt, signature } = properties;
  const signatureOffset = Number(offset) + signatureAt;
  return Object.freeze([Object.freeze({ version: undefined, enclaveBytes: undefined, signatureOffset, signature })]);
}

/**
 * An enclave file of Open Enclave, as its loader puts it into memory.
 * @throws ENCLAVE_FILE_INVALID, ENCLAVE_FILE_ZERO_BASE
 */
export function openOpenEnclaveImage(
  read: ReadAt,
  fileBytes: number,
  { section, sections, properties }: OpenEnclaveParts,
): SdkEnclaveImage {
  const header = refusing(() => readHeader(read));
  if (header.type !== ET_DYN || header.machine !== EM_X86_64) refuse('it is not a shared object for x86-64.');
  refuseModules(read, header);
  if (properties.zeroBase) {
    throw new EnclosError('ENCLAVE_FILE_ZERO_BASE', 'The enclave was made with CreateZeroBaseEnclave.');
  }
  // The loader takes the properties from memory, and the signer writes them into the file: these must be the same bytes.
  const isInPlace = refusing(() => fileOffset(header.segments, section.address)) === section.offset;
  if (!isInPlace) refuse('its properties are not loaded from where they are.');
  const segments = loadedSegments(header.segments, fileBytes);
  const relocations = refusing(() => readRelocationPages(read, sections));
  const variables = readThreadVariables(sections, header.segments, properties);
  const places = placesOf({ header, segments, relocations, variables, properties });
  const symbols = refusing(() => findSymbols(read, sections, [...filledSymbols, moduleSymbol]));
  const memoryPatches = [
    ...clearedHeader(properties, symbols.has(moduleSymbol)),
    ...propertiesPatches(Number(section.address), properties, places),
    ...symbolPatches(symbols, variables, places),
  ];
  const loaded = segments.flatMap((segment) => segmentRegions(segment, { read, fileBytes, memoryPatches }));
  const regions = checkRegions([...loaded, ...addedRegions(places)], places.sizeBytes);
  return Object.freeze({
    sdk: 'open-enclave',
    version: undefined,
    sizeBytes: BigInt(places.sizeBytes),
    ssaFrameSize: 1,
    attributes: Object.freeze({
      flags: wantedFlags(properties) | Attribute.MODE64BIT,
      xfrm: properties.xfrm | LEGACY_XFRM,
    }),
    miscSelect: properties.product.exceptionInformation ? MISCSELECT_EXINFO : 0,
    signature: properties.signature,
    threads: countThreads(regions),
    streamBytes: streamBytesOf(regions),
    heapBytes: places.heapPages * PAGE_SIZE,
    stackBytes: places.stackPages * PAGE_SIZE,
    metadata: describeProperties(section, properties),
    product: properties.product,
    pages: () => pagesOf(regions),
  });
}

/** An image that is linked against another, in a file beside it. */
function refuseModules(read: ReadAt, { segments }: ElfHeader): void {
  const entries = refusing(() => readDynamic(read, segments));
  if (dynamicValue(entries, DynamicTag.NEEDED) !== undefined) {
    refuse('it needs a module in another file (DT_NEEDED), which is not read here.');
  }
}

interface Parts {
  readonly header: ElfHeader;
  readonly segments: readonly LoadedSegment[];
  readonly relocations: Uint8Array;
  readonly variables: ThreadVariables;
  readonly properties: Properties;
}

function placesOf({ header, segments, relocations, variables, properties }: Parts): Places {
  const start = Math.min(...segments.map(({ address }) => address));
  if (start !== 0) refuse('its first segment is not at address 0.');
  const imageBytes = roundUpToPage(Math.max(...segments.map(({ address, memoryBytes }) => address + memoryBytes)));
  if (header.entry >= BigInt(imageBytes)) refuse('its entry is in no segment.');
  const limit = BigInt(maxEnclaveBytes / PAGE_SIZE);
  const { heapPages, stackPages, threads } = properties;
  if (heapPages > limit || stackPages > limit || threads > limit) refuse('it asks for more than 128 GiB.');
  const sizes = { heapPages: Number(heapPages), stackPages: Number(stackPages), threads: Number(threads) };
  const counted = { ...sizes, variablePages: variables.pages, imageBytes, relocations, entry: Number(header.entry) };
  const total = imageBytes + relocations.length + PAGE_SIZE * (sizes.heapPages + sizes.threads * threadPages(counted));
  return { ...counted, sizeBytes: checkEnclaveSize(nextPowerOfTwo(total)) };
}

function nextPowerOfTwo(bytes: number): bigint {
  let size = 1n;
  while (size < bytes) size *= 2n;
  return size;
}

const moduleSymbol = '_module_info';
const filledSymbols = [
  '_enclave_rva',
  '_reloc_rva',
  '_reloc_size',
  '_tdata_rva',
  '_tdata_size',
  '_tdata_align',
  '_tbss_size',
  '_tbss_align',
  '_td_from_tcs_offset',
];

function u64(value: bigint | number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

/** Up to 0.15, before modules, the loader cleared what the header says of sections: e_shoff, e_shnum and e_shstrndx. */
function clearedHeader({ sizeBytes }: Properties, knowsModules: boolean): readonly Patch[] {
  if (sizeBytes === propertiesSizes.latest || (sizeBytes === propertiesSizes.v17 && knowsModules)) return [];
  return [
    { offset: 40, bytes: new Uint8Array(8) },
    { offset: 60, bytes: new Uint8Array(4) },
  ];
}

/** What the loader writes into the properties; the signature is not a part of what it signs. */
function propertiesPatches(at: number, properties: Properties, places: Places): readonly Patch[] {
  const { imageBytes, relocations, sizeBytes } = places;
  const heapAt = imageBytes + relocations.length;
  const information = [at, properties.sizeBytes, imageBytes, relocations.length, heapAt, sizeBytes];
  return [
    ...information.map((value, index) => ({
      offset: at + properties.imageInformationAt + 8 * index,
      bytes: u64(value),
    })),
    { offset: at + properties.signatureAt, bytes: new Uint8Array(SIGSTRUCT_BYTES) },
  ];
}

function symbolPatches(
  symbols: ReturnType<typeof findSymbols>,
  variables: ThreadVariables,
  { imageBytes, relocations, variablePages }: Places,
): readonly Patch[] {
  const own = symbols.get('_enclave_rva');
  if (own === undefined || !symbols.has('_reloc_rva') || !symbols.has('_reloc_size')) {
    refuse('it lacks symbols that the loader fills (_enclave_rva, _reloc_rva, _reloc_size).');
  }
  const values = new Map<string, bigint | number>([
    ['_enclave_rva', own.value],
    ['_reloc_rva', imageBytes],
    ['_reloc_size', relocations.length],
    ...variables.symbols,
    ['_td_from_tcs_offset', (variablePages + controlPages) * PAGE_SIZE],
  ]);
  return [...values].flatMap(([name, value]) => {
    const symbol = symbols.get(name);
    if (symbol === undefined) return [];
    if (symbol.value + 8n > BigInt(imageBytes)) refuse(`the symbol ${name} is not in the image.`);
    return [{ offset: Number(symbol.value), bytes: u64(value) }];
  });
}

/** From a TCS to its thread data, without the variables: TCS, two SSA frames, guard. */
const controlPages = 4;
