import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { unreadable } from '@enclos/cli-frame/files';
import { readInPieces } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import { parseChunkName, parseSnapshotName } from '@enclos/ledger';
import type { LedgerFile } from '@enclos/ledger/proof';

/** What a command line names. */
export interface LedgerPaths {
  readonly chunks: readonly LedgerFile[];
  /** Paths of snapshots. */
  readonly snapshots: readonly string[];
  /** Paths of other files, such as receipts: only those that were named, and not those of folders. */
  readonly others: readonly string[];
}

/** Folders that a service keeps beside each other. */
const usualFolders: ReadonlySet<string> = new Set(['ledger', 'ledger.ro', 'snapshots']);

/**
 * Finds the files of a ledger: in folders, in their folders `ledger` and `snapshots`, and by themselves.
 *
 * @param paths Absolute.
 * @throws CLI_FILE_UNREADABLE
 */
export async function openLedger(paths: readonly string[]): Promise<LedgerPaths> {
  const chunks = new Map<string, LedgerFile>();
  const snapshots = new Set<string>();
  const others: string[] = [];
  const take = (path: string, size: number, isNamed: boolean): void => {
    const name = basename(path);
    if (parseChunkName(name) !== undefined) chunks.set(path, { name, size, read: () => readFile(path) });
    else if (parseSnapshotName(name) !== undefined) snapshots.add(path);
    else if (isNamed) others.push(path);
  };
  for (const path of paths) {
    const found = await statOf(path);
    if (!found.isDirectory()) take(path, found.size, true);
    else for (const file of await filesIn(path)) take(file.path, file.size, false);
  }
  return { chunks: [...chunks.values()], snapshots: [...snapshots], others };
}

/** The ledger that must be there. @throws CLI_FILE_INVALID */
export async function openChunks(paths: readonly string[]): Promise<readonly LedgerFile[]> {
  const { chunks } = await openLedger(paths);
  if (chunks.length > 0) return chunks;
  const message = `There is no file of a ledger, such as ledger_1-14.committed, in ${paths.join(', ')}.`;
  throw new EnclosError('CLI_FILE_INVALID', message, { details: { path: paths[0] ?? '' } });
}

interface FoundFile {
  readonly path: string;
  readonly size: number;
}

async function filesIn(folder: string, depth = 0): Promise<readonly FoundFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  const files: FoundFile[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isFile()) files.push({ path, size: (await statOf(path)).size });
    else if (depth === 0 && usualFolders.has(entry.name)) files.push(...(await filesIn(path, 1)));
  }
  return files;
}

async function statOf(path: string): Promise<Stats> {
  return stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

async function* readFile(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* readInPieces(path);
  } catch (cause) {
    throw cause instanceof EnclosError ? cause : unreadable(path, cause);
  }
}
