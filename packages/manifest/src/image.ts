import { ByteReader, ByteWriter, concatBytes, equalBytes, isZero, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { PAGE_SIZE, PageFlags, readSgxs, writeSgxs } from '@enclos/sgx';
import { decodeFiles, encodeFiles, type EmbeddedFile } from './files.ts';
import { decodeManifest, encodeManifest, type EnclaveManifest } from './manifest.ts';

/** What the pages of an image hold. */
export interface ImagePayload {
  readonly manifest: EnclaveManifest;
  /** One script: the trusted runtime and the application. */
  readonly bundle: Uint8Array;
  readonly files: readonly EmbeddedFile[];
}

export interface ReadImage extends ImagePayload {
  /** The enclave's size (ECREATE), a power of two. */
  readonly sizeBytes: bigint;
  readonly pageCount: number;
}

const magic = utf8('ENCLOS01');
const mib = 1024 * 1024;
/** An image is read into memory at once; more belongs into trusted files. */
export const MAX_IMAGE_BYTES = 512 * mib;

/** The three sections, in their only order. Code pages are executable, data pages are not. */
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
 */
export function layOutImage(payload: ImagePayload): Uint8Array {
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

/** True for bytes, of which 200 are enough, that begin like an image of ours. They may still be damaged. */
export function hasImageMagic(sgxs: Uint8Array): boolean {
  return equalBytes(sgxs.subarray(magicOffset, magicOffset + magic.length), magic);
}

/**
 * Reads an image. Everything that {@link layOutImage} would not have written is
 * refused, so that one application has one image.
 * @throws IMAGE_INVALID, MANIFEST_INVALID, or the SGXS reader's errors.
 */
export function readImage(sgxs: Uint8Array): ReadImage {
  if (sgxs.length > MAX_IMAGE_BYTES) throw new EnclosError('IMAGE_INVALID', 'The image is larger than 512 MiB.');
  const { geometry, pages } = readSgxs(sgxs, { profile: 'strict' });
  const [first] = pages;
  if (first === undefined) throw new EnclosError('IMAGE_INVALID', 'The image has no pages.');
  const lengths = readHeader(first.content);
  const cursor = { page: 1 };
  checkFlags(first.flags, PageFlags.REG | PageFlags.R);
  const sections = lengths.map((length, i) => readSection(pages, cursor, { length, flags: sectionFlags[i] ?? 0n }));
  if (cursor.page !== pages.length) throw new EnclosError('IMAGE_INVALID', 'Pages follow the last section.');
  const [manifestBytes = new Uint8Array(), bundle = new Uint8Array(), fileBytes = new Uint8Array()] = sections;
  const manifest = decodeManifest(manifestBytes);
  const expected = sizeFor(BigInt(pages.length * PAGE_SIZE), manifest);
  if (geometry.sizeBytes !== expected) {
    throw new EnclosError('IMAGE_INVALID', 'The size of the enclave does not follow from its content and heap.');
  }
  return Object.freeze({
    manifest,
    bundle,
    files: decodeFiles(fileBytes),
    sizeBytes: geometry.sizeBytes,
    pageCount: pages.length,
  });
}

function readHeader(page: Uint8Array): readonly number[] {
  const reader = new ByteReader(page);
  const found = reader.bytes(magic.length);
  if (!found.every((byte, i) => byte === magic[i])) throw new EnclosError('IMAGE_INVALID');
  const lengths = sectionFlags.map(() => reader.u64());
  if (!isZero(reader.bytes(reader.remaining))) {
    throw new EnclosError('IMAGE_INVALID', 'The header page is not padded with zeros.');
  }
  if (lengths.some((length) => length > BigInt(MAX_IMAGE_BYTES))) {
    throw new EnclosError('IMAGE_INVALID', 'A section is too long.');
  }
  return lengths.map(Number);
}

interface Page {
  readonly flags: bigint;
  readonly content: Uint8Array;
}

function readSection(
  pages: readonly Page[],
  cursor: { page: number },
  want: { length: number; flags: bigint },
): Uint8Array {
  const count = Math.ceil(want.length / PAGE_SIZE);
  const taken = pages.slice(cursor.page, cursor.page + count);
  if (taken.length !== count) throw new EnclosError('IMAGE_INVALID', 'A section is longer than the image.');
  cursor.page += count;
  for (const page of taken) checkFlags(page.flags, want.flags);
  const padded = concatBytes(...taken.map((page) => page.content));
  if (!isZero(padded.subarray(want.length))) {
    throw new EnclosError('IMAGE_INVALID', 'A section is not padded with zeros.');
  }
  return padded.slice(0, want.length);
}

function checkFlags(flags: bigint, want: bigint): void {
  if (flags !== want) throw new EnclosError('IMAGE_INVALID', 'A page has other permissions than its section.');
}
