import { open, readFile, type FileHandle } from 'node:fs/promises';

import { concatBytes } from '@enclos/codec';
import { unreadableReason } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';
import { hasImageMagic, MAX_IMAGE_BYTES } from '@enclos/manifest';

import type { BuildReport } from '../build-report.ts';
import { describeStream } from './image.ts';
import { maxEnclaveFileBytes } from './enclave-elf.ts';
import { inspect, kindOf, looksLikeElf, type InspectOptions } from './inspect.ts';
import type { InspectKind, InspectReport } from './report.ts';
import { createSgxsMeter } from './sgxs-meter.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const pieceBytes = 256 * kibibyte;
/** Enough to tell any kind. */
const headBytes = 64 * kibibyte;

/** What is read into memory at most. A foreign SGXS stream has no limit: it passes through in pieces. */
const maxBytes: Readonly<Record<InspectKind, number>> = {
  image: MAX_IMAGE_BYTES,
  sgxs: MAX_IMAGE_BYTES,
  sigstruct: 64 * kibibyte,
  quote: mebibyte,
  'sealed-blob': 256 * mebibyte,
  'signing-key': 64 * kibibyte,
  'enclave-elf': maxEnclaveFileBytes,
};

/** The next `count` bytes, or as many as there are. In sequence, so that a pipe can be read as well. */
async function readNext(handle: FileHandle, count: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let left = count; left > 0;) {
    const piece = new Uint8Array(Math.min(left, pieceBytes));
    const { bytesRead } = await handle.read(piece, 0, piece.length, null);
    if (bytesRead === 0) break;
    pieces.push(piece.subarray(0, bytesRead));
    left -= bytesRead;
  }
  return concatBytes(...pieces);
}

async function readAll(handle: FileHandle, head: Uint8Array, kind: InspectKind): Promise<Uint8Array> {
  const limit = maxBytes[kind];
  const bytes = concatBytes(head, await readNext(handle, limit + 1 - head.length));
  if (bytes.length <= limit) return bytes;
  throw new EnclosError('BUILD_FILE_TOO_LARGE', `A file of this kind (${kind}) has at most ${limit} bytes.`, {
    details: { kind, limit },
  });
}

async function measureRest(handle: FileHandle, head: Uint8Array): Promise<InspectReport> {
  const meter = createSgxsMeter();
  for (let piece = head; piece.length > 0; piece = await readNext(handle, pieceBytes)) meter.push(piece);
  return describeStream(meter.finish());
}

/** Only where there is a report: reading one takes a library that the rest does without. */
async function readReport(path: string): Promise<BuildReport | undefined> {
  const reportPath = path.replace(/\.sgxs$/, '.report.json');
  if (reportPath === path) return undefined;
  const bytes = await readFile(reportPath).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const { parseBuildReport } = await import('../build-report.ts');
  return parseBuildReport(bytes);
}

async function inspectOpened(
  handle: FileHandle,
  path: string,
  { explain, meter }: InspectFileOptions,
): Promise<InspectReport> {
  const head = await readNext(handle, headBytes);
  if (looksLikeElf(head)) return inspect(await readAll(handle, head, 'enclave-elf'), { meter });
  const kind = kindOf(head);
  const isStream = kind === 'image' || kind === 'sgxs';
  if (isStream && !hasImageMagic(head)) return measureRest(handle, head);
  return inspect(await readAll(handle, head, kind), { explain, report: isStream ? await readReport(path) : undefined });
}

export type InspectFileOptions = Pick<InspectOptions, 'explain' | 'meter'>;

/**
 * Inspects a file; for an image `NAME.sgxs` also reads `NAME.report.json` beside
 * it. An SGXS stream of another tool is counted in little memory, however long
 * it is; of anything else no more is read than its kind can have.
 *
 * @throws BUILD_FILE_UNREADABLE, BUILD_FILE_TOO_LARGE, and whatever {@link inspect} throws.
 */
export async function inspectFile(path: string, options: InspectFileOptions = {}): Promise<InspectReport> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    return await inspectOpened(handle, path, options);
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    const message = `Cannot read ${path}: ${unreadableReason(cause)}.`;
    throw new EnclosError('BUILD_FILE_UNREADABLE', message, { details: { path }, cause });
  } finally {
    await handle?.close();
  }
}
