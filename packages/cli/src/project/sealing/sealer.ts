import { createHash } from 'node:crypto';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSmallJson } from '@enclos/cli-frame/files';
import { boolean, hex, integer, oneOf, readShape, string, type JsonMembers } from '@enclos/codec/json';
import { durable } from '@enclos/durable';

const format = 'enclos-sealer-1';
const longestPath = 4096;

/**
 * An enclave that can seal, as it was run here: everything that the key of a blob sealed to the signer depends on (SDM vol. 3D,
 * EGETKEY), and where this machine had it from. All of it is public.
 */
const shape = {
  format: oneOf(format),
  mrSigner: hex(32),
  productId: integer(0, 0xffff),
  securityVersion: integer(0, 0xffff),
  debug: boolean,
  /** SHA-256 of the key of the platform's root: platforms are told apart by it. */
  platformRoot: hex(32),
  /** The socket of the platform, or the state folder of an embedded one. */
  platform: string(longestPath),
  isSocket: boolean,
  /** Relative to the project when it is inside, so that the project can be moved. */
  keyFile: string(longestPath),
  /** Milliseconds since 1970. */
  lastRunMs: integer(0, 8.64e15),
} as const;

export type Sealer = Omit<JsonMembers<typeof shape>, 'format'>;

/** One file for each enclave, so that runs at the same time never write over what another wrote. */
const folderName = 'sealed-by';
const namePattern = /^[0-9a-f]{32}\.json$/;
const mostKept = 32;
/** More than is kept: others may write at the same time. */
const mostRead = 64;
const mostNames = 1024;
/** Runs at the same time, and clocks that are set. */
const clockToleranceMs = 600_000;
const maxFileBytes = 16 * 1024;

/**
 * The enclaves that were run from a project and may have sealed state, the last one first. A file that this program did not
 * write is skipped, whatever it is: the folder may have come with the project.
 */
export async function readSealers(projectFolder: string): Promise<readonly Sealer[]> {
  return (await readFiles(folderOf(projectFolder))).map(({ sealer }) => sealer);
}

/**
 * Remembers that an enclave was run, and forgets the oldest ones when there are many.
 * @throws what the file system throws
 */
export async function rememberSealer(projectFolder: string, sealer: Sealer): Promise<void> {
  const folder = folderOf(projectFolder);
  const content = JSON.stringify({ format, ...sealer });
  await durable.replace(join(folder, nameOf(sealer)), content, { mode: 0o644, folderMode: 0o777 });
  for (const [index, { path, sealer: each }] of (await readFiles(folder)).entries()) {
    // One that is still to come is of a clock that was wrong: it would stay the last one.
    const isLater = each.lastRunMs > sealer.lastRunMs + clockToleranceMs;
    if (isLater || index >= mostKept) await durable.remove(path);
  }
}

interface SealerFile {
  readonly path: string;
  readonly sealer: Sealer;
}

async function readFiles(folder: string): Promise<readonly SealerFile[]> {
  const found: SealerFile[] = [];
  for (const name of await namesOf(folder)) {
    const path = join(folder, name);
    const sealer = await readSealer(path);
    if (sealer !== undefined) found.push({ path, sealer });
  }
  return found.sort((a, b) => b.sealer.lastRunMs - a.sealer.lastRunMs);
}

function folderOf(projectFolder: string): string {
  return join(projectFolder, '.enclos', folderName);
}

/** The same name for the same keys and the same way to them. */
function nameOf({ lastRunMs: _lastRunMs, ...sealer }: Sealer): string {
  const text = JSON.stringify(Object.entries(sealer).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${createHash('sha256').update(text).digest('hex').slice(0, 32)}.json`;
}

async function namesOf(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  let seen = 0;
  try {
    for await (const { name } of await opendir(folder)) {
      if (namePattern.test(name)) names.push(name);
      if (++seen === mostNames || names.length === mostRead) break;
    }
  } catch {
    // No folder, or something else in its place: nothing is known.
    return [];
  }
  return names;
}

async function readSealer(path: string): Promise<Sealer | undefined> {
  try {
    // A pipe would never end, and a link could lead to one.
    if (!(await lstat(path)).isFile()) return undefined;
    const json = await readSmallJson(path, maxFileBytes);
    const { format: _format, ...sealer } = readShape(json, '$', shape);
    return Object.freeze(sealer);
  } catch {
    return undefined;
  }
}
