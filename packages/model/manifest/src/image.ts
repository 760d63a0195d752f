import { ByteReader, ByteWriter, equalBytes, isZero, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { PAGE_SIZE, PageFlags, openStrictImage, readStrictImage, writeSgxs, type StrictImage } from '@enclos/sgx';
import { encodeFiles } from './encode-files.ts';
import { sortFiles } from './companions/sort-files.ts';
import { decodeFiles, type EmbeddedFile } from './files.ts';
import { companionsOf, type EnclaveManifest } from './program-form.ts';
import { decodeManifest, encodeManifest } from './manifest.ts';

/** What the pages of an image hold. */
export interface ImagePayload {
  readonly manifest: EnclaveManifest;
  /** One script, of the trusted runtime and the application; or the program itself, a static ELF file, if the manifest says so. */
  readonly bundle: Uint8Array;
  readonly files: readonly EmbeddedFile[];
}

export interface ReadImage extends ImagePayload {
  /** The measured bytes of the three sections, without padding, from which {@link ImagePayload} was read. */
  readonly sections: readonly Uint8Array[];
  /** The enclave's size (ECREATE), a power of two. */
  readonly sizeBytes: bigint;
  readonly pageCount: number;
}

const magic = utf8('ENCLOS01');
const mib = 1024 * 1024;
/** An image is read into memory as a whole; larger content belongs in trusted files. */
export const MAX_IMAGE_BYTES = 512 * mib;

/** The three sections, in their fixed order. Code pages are executable, data pages are not. */
const sectionFlags = [
  PageFlags.REG | PageFlags.R,
  PageFlags.REG | PageFlags.R | PageFlags.X,
  PageFlags.REG | PageFlags.R,
] as const;

/**
 * Lays an application out in pages: a header page (magic, then the length of
 * each section as u64), then manifest, bundle and embedded files, each from a
 * page boundary and padded with zeros. The enclave's size is the next power of
 * two that holds the content and the heap.
 * @throws MANIFEST_INVALID, EDL_VALUE_REFUSED; IMAGE_INVALID for files without the script of a companion
 */
export function layOutImage(payload: ImagePayload): Uint8Array {
  sortFiles(companionsOf(payload.manifest), payload.files);
  const sections = [encodeManifest(payload.manifest), payload.bundle, encodeFiles(payload.files)];
  const header = new ByteWriter().bytes(magic);
  for (const section of sections) header.u64(BigInt(section.length));
  const pages = [...paginate(header.finish(), PageFlags.REG | PageFlags.R)];
  sections.forEach((section, i) => pages.push(...paginate(section, sectionFlags[i] ?? 0n)));
  const placed = pages.map((page, i) => ({ offset: BigInt(i * PAGE_SIZE), ...page }));
  const content = BigInt(placed.length * PAGE_SIZE);
  return writeSgxs({ ssaFrameSize: 1, sizeBytes: sizeFor(content, payload.manifest), pages: placed });
}

function sizeFor(contentBytes: bigint, manifest: EnclaveManifest): bigint {
  let size = BigInt(PAGE_SIZE);
  while (size < contentBytes + manifest.heapSizeBytes) size *= 2n;
  return size;
}

function* paginate(section: Uint8Array, flags: bigint): Generator<{ flags: bigint; content: Uint8Array }> {
  for (let at = 0; at < section.length; at += PAGE_SIZE) {
    const content = new Uint8Array(PAGE_SIZE);
    content.set(section.subarray(at, at + PAGE_SIZE));
    yield { flags, content };
  }
}

/** Where the content of the first page begins: after ECREATE, EADD and the header of the first EEXTEND. */
const magicOffset = 3 * 64;

/** True for bytes that begin like an image of ours; 200 bytes are enough. The image may still be damaged. */
export function hasImageMagic(sgxs: Uint8Array): boolean {
  return equalBytes(sgxs.subarray(magicOffset, magicOffset + magic.length), magic);
}

/** An image whose bundle was not read. */
export interface OpenImage extends Pick<ReadImage, 'manifest' | 'files' | 'sizeBytes' | 'pageCount'> {
  /** The measured bytes of the manifest and of the embedded files. */
  readonly manifestBytes: Uint8Array;
  readonly fileBytes: Uint8Array;
  readonly bundleBytes: number;
  /** Up to `length` bytes of the bundle from `at` on; fewer at its end. */
  readonly readBundle: (at: number, length: number) => Uint8Array;
}

/**
 * Opens an image at its host, without a copy of its bundle and without a look at the records around what is not read: the platform checks and
 * measures every byte.
 * @param sgxs must not change as long as the result is used
 * @throws IMAGE_INVALID, MANIFEST_INVALID, or the SGXS reader's errors, which `readBundle` throws too.
 */
export function openImage(sgxs: Uint8Array): OpenImage {
  requireSize(sgxs);
  return openImagePages(openStrictImage(sgxs));
}

/**
 * Reads an image. It refuses everything that {@link layOutImage} would not have written, so that one application has exactly
 * one image.
 * @throws IMAGE_INVALID, MANIFEST_INVALID, or the SGXS reader's errors.
 */
export function readImage(sgxs: Uint8Array): ReadImage {
  requireSize(sgxs);
  const image = openImagePages(readStrictImage(sgxs));
  const { manifest, files, sizeBytes, pageCount, manifestBytes, fileBytes, bundleBytes, readBundle } = image;
  const bundle = readBundle(0, bundleBytes);
  const sections = Object.freeze([manifestBytes, bundle, fileBytes]);
  return Object.freeze({ manifest, bundle, files, sections, sizeBytes, pageCount });
}

function requireSize({ length }: Uint8Array): void {
  if (length > MAX_IMAGE_BYTES) throw new EnclosError('IMAGE_INVALID', 'The image is larger than 512 MiB.');
}

/**
 * Opens an image whose stream has already been read. The result holds views of the content, if the image gives them, so large sections
 * take no time.
 * @throws IMAGE_INVALID, MANIFEST_INVALID
 */
export function openImagePages(image: StrictImage): OpenImage {
  const { contentBytes, read } = image;
  const lengths = readHeader(read(0, PAGE_SIZE));
  checkFlags(image.flagsOf(0), PageFlags.REG | PageFlags.R);
  let page = 1;
  const places = lengths.map((length, i) => {
    const place = findSection(image, page, { length, flags: sectionFlags[i] ?? 0n });
    page += pagesFor(length);
    return place;
  });
  const pageCount = contentBytes / PAGE_SIZE;
  if (page !== pageCount) throw new EnclosError('IMAGE_INVALID', 'Pages follow the last section.');
  const [manifestAt = nowhere, bundle = nowhere, filesAt = nowhere] = places;
  const manifestBytes = read(manifestAt.at, manifestAt.length);
  const manifest = decodeManifest(manifestBytes);
  const { sizeBytes } = image.geometry;
  if (sizeBytes !== sizeFor(BigInt(contentBytes), manifest)) {
    throw new EnclosError('IMAGE_INVALID', 'The size of the enclave does not follow from its content and heap.');
  }
  const fileBytes = read(filesAt.at, filesAt.length);
  const files = decodeFiles(fileBytes);
  sortFiles(companionsOf(manifest), files);
  return Object.freeze({
    manifest,
    files,
    sizeBytes,
    pageCount,
    manifestBytes,
    fileBytes,
    bundleBytes: bundle.length,
    readBundle: (at: number, length: number) => read(bundle.at + at, Math.max(0, Math.min(length, bundle.length - at))),
  });
}

/** Where a section lies in the content, in bytes. */
interface SectionPlace {
  readonly at: number;
  readonly length: number;
}

const nowhere: SectionPlace = { at: 0, length: 0 };

function readHeader(page: Uint8Array): readonly number[] {
  const reader = new ByteReader(page);
  const found = reader.bytes(magic.length);
  if (!equalBytes(found, magic)) throw new EnclosError('IMAGE_INVALID');
  const lengths = sectionFlags.map(() => reader.u64());
  if (!isZero(reader.bytes(reader.remaining))) {
    throw new EnclosError('IMAGE_INVALID', 'The header page is not padded with zeros.');
  }
  if (lengths.some((length) => length > BigInt(MAX_IMAGE_BYTES))) {
    throw new EnclosError('IMAGE_INVALID', 'A section is too long.');
  }
  return lengths.map(Number);
}

function pagesFor(lengthBytes: number): number {
  return Math.ceil(lengthBytes / PAGE_SIZE);
}

/** The section that begins on a page. */
function findSection(
  { contentBytes, read, flagsOf }: StrictImage,
  firstPage: number,
  want: { readonly length: number; readonly flags: bigint },
): SectionPlace {
  const endPage = firstPage + pagesFor(want.length);
  if (endPage * PAGE_SIZE > contentBytes) {
    throw new EnclosError('IMAGE_INVALID', 'A section is longer than the image.');
  }
  for (let page = firstPage; page < endPage; page++) checkFlags(flagsOf(page), want.flags);
  const at = firstPage * PAGE_SIZE;
  const end = at + want.length;
  if (!isZero(read(end, endPage * PAGE_SIZE - end))) {
    throw new EnclosError('IMAGE_INVALID', 'A section is not padded with zeros.');
  }
  return { at, length: want.length };
}

function checkFlags(flags: bigint, want: bigint): void {
  if (flags !== want) throw new EnclosError('IMAGE_INVALID', 'A page has other permissions than its section.');
}
