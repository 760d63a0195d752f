import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, link, mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { every } from '@enclos/bounded';
import { toHex } from '@enclos/codec';
import { durable, hasCode, type UnfinishedFile } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import type { CompanionFile } from '@enclos/manifest';
import { storageFailed } from '@enclos/tee/storage';
import { FileShares, ownersName, type FileShare } from './file-shares.ts';
import { SetShares } from './set-shares.ts';
import { verifyFile, type FileErrors, type VerifiedFile } from '../interpreter/verified-file.ts';

/** The files of one companion, where its processes find them: each under its name in one folder. */
export interface PlacedFiles {
  readonly folder: string;
  readonly paths: readonly string[];
  /** Before a process starts: hashes anew what has changed. @throws LAUNCH_FILE_REFUSED */
  recheck(): Promise<void>;
  /** Keeps them from making room for other files, for as long as an enclave runs. @returns what ends it */
  keep(periodMs?: number): () => void;
}

/** A file that arrives in pieces. */
export interface NativeFileIntake {
  /** @throws PLATFORM_STORAGE_FAILED */
  add(piece: Uint8Array): Promise<void>;
  /** Takes it, if it is what was announced. @throws LAUNCH_FILE_REFUSED, PLATFORM_STORAGE_FAILED */
  finish(): Promise<void>;
  /** Idempotent; does nothing to a file that was taken. */
  discard(): Promise<void>;
}

/**
 * The platform's copies of the files of companions, by their digests. They stay for later launches and for later platforms of the same user, as the copy of
 * the interpreter does, and are hashed before each use. The folder may be emptied whenever no platform runs.
 */
export interface NativeFiles {
  has(digest: Uint8Array): Promise<boolean>;
  /** @throws PLATFORM_BUSY when the folder or the share of the host is full, PLATFORM_STORAGE_FAILED */
  receive(digest: Uint8Array, sizeBytes: number, share: FileShare): Promise<NativeFileIntake>;
  /** @throws LAUNCH_FILE_MISSING, LAUNCH_FILE_REFUSED, PLATFORM_STORAGE_FAILED; PLATFORM_BUSY when the share of the host is full */
  place(files: readonly CompanionFile[], share: FileShare): Promise<PlacedFiles>;
}

export interface NativeFilesOptions {
  /** In which no other user can write, and from which programs run. */
  readonly folder: string;
  /** Whether other users, those of enclaves, may read the files. */
  readonly passable: boolean;
  /** The most bytes of all files. */
  readonly maxBytes: number;
}

/** What was not used for so long makes room when the folder is full. */
const restedMs = 24 * 60 * 60 * 1000;
/** What is in use is touched so often. */
const keptMs = restedMs / 4;

export function openNativeFiles({ folder, passable, maxBytes }: NativeFilesOptions): NativeFiles {
  const shares = new FileShares(folder);
  const sets = new SetShares(folder);
  const mode = passable ? 0o555 : 0o500;
  const pathOf = (digest: Uint8Array): string => join(folder, toHex(digest));
  const hasFile = async (digest: Uint8Array): Promise<boolean> =>
    (await stat(pathOf(digest)).catch(() => undefined)) !== undefined;
  const makeFolder = (path: string): Promise<unknown> =>
    mkdir(path, { recursive: true, mode: passable ? 0o711 : 0o700 });
  return Object.freeze({
    has: hasFile,
    async receive(digest: Uint8Array, sizeBytes: number, share: FileShare) {
      let release: (() => void) | undefined;
      try {
        await makeFolder(folder);
        release = await shares.hold(share, toHex(digest), sizeBytes);
        await makeRoom(folder, { sizeBytes, maxBytes });
        const file = await durable.begin(folder, { mode, ignoresUmask: true, isCache: true });
        return intake(file, { digest, path: pathOf(digest), release });
      } catch (error) {
        release?.();
        throw storageFailed(folder, error);
      }
    },
    async place(files: readonly CompanionFile[], share: FileShare) {
      const name = setName(files);
      const set = join(folder, name);
      const touch = (): Promise<void> => touchAll([set, ...files.map((file) => pathOf(file.sha256))]);
      const held: (() => void)[] = [];
      try {
        await makeFolder(folder);
        held.push(await sets.hold(share, name));
        await makeFolder(set);
        for (const file of files) held.push(await shares.hold(share, toHex(file.sha256), Number(file.sizeBytes)));
        for (const file of files) await placeFile(pathOf(file.sha256), join(set, file.path), file);
        // Before they are hashed: afterwards it would be a change.
        await touch();
        const verified: VerifiedFile[] = [];
        for (const file of files) verified.push(await verifyPlaced(join(set, file.path), pathOf(file.sha256), file));
        return Object.freeze({
          keep(periodMs = keptMs) {
            // What cannot be touched is missed by the next recheck.
            const uses = files.map((file) => shares.use(share.name, toHex(file.sha256), Number(file.sizeBytes)));
            const stops = [every(periodMs, touch, () => undefined), sets.use(share.name, name), ...uses];
            return () => stops.forEach((stop) => stop());
          },
          folder: set,
          paths: verified.map(({ path }) => path),
          async recheck() {
            for (const file of verified) await file.recheck();
          },
        });
      } catch (error) {
        throw storageFailed(set, error);
      } finally {
        // What was touched just now is kept until its enclave runs.
        for (const release of held) release();
      }
    },
  });
}

async function touchAll(paths: readonly string[]): Promise<void> {
  const now = new Date();
  for (const path of paths) await utimes(path, now, now).catch(() => undefined);
}

/** Companions with the same files share a folder. */
function setName(files: readonly CompanionFile[]): string {
  const hash = createHash('sha256');
  for (const { path, sha256 } of files) hash.update(`${path} ${toHex(sha256)}\n`);
  return `s-${hash.digest('hex').slice(0, 32)}`;
}

const errors: FileErrors = {
  missing: (path, cause) => new EnclosError('LAUNCH_FILE_REFUSED', `${path} is gone.`, { cause }),
  mismatch: (path, details) => new EnclosError('LAUNCH_FILE_REFUSED', `${path} was changed.`, { details }),
};

/** Gives the platform's copy its name in the folder of the companion. @throws LAUNCH_FILE_MISSING */
async function placeFile(from: string, path: string, file: CompanionFile): Promise<void> {
  const [source, there] = await Promise.all([from, path].map((at) => stat(at).catch(() => undefined)));
  // The name may be left from before the copy was made anew.
  if (there !== undefined && (source === undefined || there.ino === source.ino)) return;
  await rm(path, { force: true });
  await link(from, path).catch((cause: unknown) => {
    if (hasCode(cause, 'EEXIST')) return;
    if (!hasCode(cause, 'ENOENT')) throw cause;
    throw new EnclosError('LAUNCH_FILE_MISSING', `The platform has no file ${file.path} (${toHex(file.sha256)}).`, {
      details: { path: file.path },
    });
  });
}

/** A damaged copy is removed, so that its host gives it anew with the next launch. */
async function verifyPlaced(path: string, from: string, file: CompanionFile): Promise<VerifiedFile> {
  try {
    return await verifyFile(path, file.sha256, errors);
  } catch (error) {
    await Promise.all([path, from].map((at) => rm(at, { force: true })));
    throw error;
  }
}

function intake(
  file: UnfinishedFile,
  { digest, path, release }: { readonly digest: Uint8Array; readonly path: string; readonly release: () => void },
): NativeFileIntake {
  const discard = async (): Promise<void> => {
    release();
    await file.discard();
  };
  return Object.freeze({
    async add(piece: Uint8Array) {
      await file.write(piece).catch((error: unknown) => {
        throw storageFailed(path, error);
      });
    },
    async finish() {
      try {
        // What is there, and not what was written.
        await verifyFile(file.path, digest, errors);
        await access(file.path, constants.X_OK);
        await file.place(path);
      } catch (error) {
        throw storageFailed(path, error);
      } finally {
        await discard();
      }
    },
    discard,
  });
}

/** @throws PLATFORM_BUSY */
async function makeRoom(
  folder: string,
  { sizeBytes, maxBytes }: { readonly sizeBytes: number; readonly maxBytes: number },
): Promise<void> {
  const names = await readdir(folder);
  const found = await Promise.all(
    names.map(async (name) => ({ name, facts: await stat(join(folder, name)).catch(() => undefined) })),
  );
  const usedBytes = found.reduce((sum, { facts }) => sum + (facts?.isFile() === true ? facts.size : 0), 0);
  if (usedBytes + sizeBytes <= maxBytes) return;
  const rested = found.filter(
    ({ name, facts }) => name !== ownersName && facts !== undefined && Date.now() - facts.mtimeMs > restedMs,
  );
  for (const { name } of rested) await rm(join(folder, name), { recursive: true, force: true });
  const freedBytes = rested.reduce((sum, { facts }) => sum + (facts?.isFile() === true ? facts.size : 0), 0);
  if (usedBytes - freedBytes + sizeBytes <= maxBytes) return;
  throw new EnclosError('PLATFORM_BUSY', `The platform keeps ${maxBytes} bytes of files of companions and no more.`);
}
