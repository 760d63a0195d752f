import { EnclosError } from '@enclos/errors';
import { limits } from '../limits.ts';
import { readHeaderBlock, type RawHeader } from './header-block.ts';
import { decodeName, upToNul } from './name.ts';
import { readPax, type Overrides } from './pax.ts';
import { cleanPath, layerInvalid } from './path.ts';
import { createPieceReader, type PieceReader } from './piece-reader.ts';

export type TarKind = 'file' | 'folder' | 'link' | 'hard-link' | 'other';

/** One entry, as the archive describes it. */
export interface TarEntry {
  readonly kind: TarKind;
  /** Relative to the root, without `.`, `..` and empty parts; empty for the root itself. */
  readonly path: string;
  /** The target of a link, as the archive writes it. */
  readonly target: string;
  readonly mode: number;
  readonly sizeBytes: number;
}

/** Gets the content of a file, piece by piece, and is told its end. */
export interface TarSink {
  piece(bytes: Uint8Array): void;
  end(): void;
}

/** Chooses the sink for the content of a file; undefined skips the content. */
export type TarVisitor = (entry: TarEntry) => TarSink | undefined;

/** The rest of the budget for all layers of one image. */
export interface TarBudget {
  entries: number;
  /** Headers that only say something about the next entry, and the records in them. */
  records: number;
  unpackedBytes: number;
}

export function createTarBudget(): TarBudget {
  const { entries, records, unpackedBytes } = limits;
  return { entries, records, unpackedBytes };
}

const kinds: Readonly<Record<string, TarKind>> = {
  '0': 'file',
  '\0': 'file',
  '1': 'hard-link',
  '2': 'link',
  '3': 'other',
  '4': 'other',
  '5': 'folder',
  '6': 'other',
};

/**
 * Reads an archive once, in little memory. It reads ustar, pax and GNU names, and refuses whatever other readers take for
 * something else: so no two of them see different files in it.
 *
 * @param budget is used up; give the same one for all layers of an image.
 * @throws OCI_LAYER_INVALID, OCI_TOO_LARGE, and what `pieces` and `visit` throw.
 */
export async function readTar(
  pieces: AsyncIterable<Uint8Array>,
  visit: TarVisitor,
  budget: TarBudget = createTarBudget(),
): Promise<void> {
  const reader = createPieceReader(pieces, budget);
  try {
    await readEntries({ reader, visit, budget });
  } finally {
    await reader.close();
  }
}

interface Surroundings {
  readonly reader: PieceReader;
  readonly visit: TarVisitor;
  readonly budget: TarBudget;
}

async function readEntries(surroundings: Surroundings): Promise<void> {
  const { reader } = surroundings;
  let overrides: Overrides = {};
  for (;;) {
    const block = await reader.block();
    if (block === undefined) {
      if (Object.keys(overrides).length > 0) throw layerInvalid('ends after a name');
      return;
    }
    if (isZero(block)) return readEnd(reader);
    const header = readHeaderBlock(block);
    const more = await readExtension(header, surroundings);
    if (more === undefined) {
      await readEntry({ header, overrides }, surroundings);
      overrides = {};
    } else {
      overrides = merge(overrides, more);
    }
  }
}

/** Entries that only say something about the next one. */
async function readExtension(header: RawHeader, { reader, budget }: Surroundings): Promise<Overrides | undefined> {
  const { typeFlag, sizeBytes } = header;
  if (!['x', 'g', 'L', 'K'].includes(typeFlag)) return undefined;
  const charge = (): void => {
    if (budget.records-- <= 0) throw tooLarge('number of headers and records before entries', limits.records);
  };
  charge();
  if (sizeBytes > limits.headerBytes) throw tooLarge('name of an entry', limits.headerBytes);
  const bytes = await reader.bytes(sizeBytes);
  if (typeFlag === 'L') return { path: readLongName(bytes) };
  if (typeFlag === 'K') return { target: readLongName(bytes) };
  const records = readPax(bytes, charge);
  if (typeFlag === 'x') return records;
  // Some readers let it count for all entries that follow, and some for none.
  if (Object.keys(records).length > 0) throw layerInvalid('has a global header that names or sizes entries');
  return {};
}

function readLongName(bytes: Uint8Array): string {
  const name = decodeName(upToNul(bytes));
  if (name === '') throw layerInvalid('has an empty long name');
  return name;
}

/** Which of two names of one entry counts is not the same everywhere. */
function merge(before: Overrides, more: Overrides): Overrides {
  const twice = Object.keys(more).find((key) => key in before);
  if (twice !== undefined) throw layerInvalid(`names the ${twice} of an entry twice`);
  return { ...before, ...more };
}

async function readEntry(
  { header, overrides }: { readonly header: RawHeader; readonly overrides: Overrides },
  { reader, visit, budget }: Surroundings,
): Promise<void> {
  if (budget.entries-- <= 0) throw tooLarge('number of entries', limits.entries);
  const entry = entryOf(header, overrides);
  const sink = visit(entry);
  await reader.pass(entry.sizeBytes, (piece) => sink?.piece(piece));
  sink?.end();
}

function entryOf(header: RawHeader, overrides: Overrides): TarEntry {
  const rawPath = overrides.path ?? header.path;
  const path = cleanPath(rawPath);
  const kind = kinds[header.typeFlag];
  if (kind === undefined) throw layerInvalid(`has an entry of type ${JSON.stringify(header.typeFlag)}`, path);
  const sizeBytes = overrides.sizeBytes ?? header.sizeBytes;
  // Before pax a folder was a file whose name ends like this, and for some readers it still is.
  if (kind === 'file' && rawPath.endsWith('/')) throw layerInvalid('has a file that is named like a folder', path);
  if (kind !== 'file' && sizeBytes !== 0) throw layerInvalid('gives content to what has none', path);
  if (kind !== 'folder' && path === '') throw layerInvalid('replaces the root', rawPath);
  const target = kind === 'link' || kind === 'hard-link' ? (overrides.target ?? header.target) : '';
  return Object.freeze({ kind, path, target, mode: header.mode, sizeBytes });
}

/** Two blocks of zeros end an archive. A reader that goes on would see something else than one that does not. */
async function readEnd(reader: PieceReader): Promise<void> {
  let left = limits.paddingBytes;
  for (let block = await reader.block(); block !== undefined; block = await reader.block()) {
    if (!isZero(block)) throw layerInvalid('goes on after its end');
    left -= block.length;
    if (left < 0) throw tooLarge('padding', limits.paddingBytes);
  }
}

function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

function tooLarge(what: string, most: number): EnclosError {
  return new EnclosError('OCI_TOO_LARGE', `The ${what} of a layer is above ${most}.`, {
    details: { what, maxBytes: most },
  });
}
