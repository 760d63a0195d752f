import { constants } from 'node:fs';
import { access, lstat, mkdir, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { toHex } from '@enclos/codec';
import { durable } from '@enclos/durable';
import { EnclosError, isEnclosError } from '@enclos/errors';
import {
  findInterpreter,
  verifyInterpreter,
  type InterpreterOptions,
  type VerifiedInterpreter,
} from './interpreter.ts';

export interface InterpreterCopyOptions extends InterpreterOptions {
  /** The folders that may hold a copy. The first in which a copy can be made and run is taken. */
  readonly folders: readonly string[];
  /** Whether other users, those of enclaves, may run the copy. */
  readonly passable: boolean;
}

/**
 * The platform's own copy of the pinned interpreter, hashed where it will run: no other user can write to it, and an enclave's
 * user need not be able to read the folder that npm installed it in. An existing good copy is reused; the folder may be emptied
 * whenever no platform runs.
 *
 * @throws INTERPRETER_MISSING, INTERPRETER_MISMATCH, INTERPRETER_NOT_COPIED
 */
export async function copyInterpreter(options: InterpreterCopyOptions): Promise<VerifiedInterpreter> {
  const { path: from, digest } = findInterpreter(options);
  const copy = await copyProgram({
    ...options,
    from,
    name: `node-${toHex(digest.sha256).slice(0, 32)}`,
    verify: (path) => verifyInterpreter({ ...options, path }),
    missing: (cause) => new EnclosError('INTERPRETER_MISSING', `${from} is not there.`, { cause }),
  });
  if ('program' in copy) return copy.program;
  throw new EnclosError('INTERPRETER_NOT_COPIED', `The interpreter cannot be copied. ${copy.reasons.join('; ')}.`);
}

/** The folders in which a single-user platform keeps the copy: with the user's other caches, or beside the machine. */
export async function cacheFolders(
  machineFolder: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<readonly string[]> {
  const { XDG_CACHE_HOME: cacheHome } = env;
  const home = homeOf(env);
  // The specification (XDG base directory): a relative path is invalid and ignored.
  const [owned, base] = cacheHome?.startsWith('/') === true ? [cacheHome, '.'] : [home, '.cache'];
  const ofUser = owned !== undefined && (await isOwned(owned)) ? [join(owned, base, 'enclos')] : [];
  return [...ofUser, join(dirname(machineFolder), 'cache')];
}

function homeOf(env: NodeJS.ProcessEnv): string | undefined {
  const { HOME: home } = env;
  if (home !== undefined) return home.startsWith('/') ? home : undefined;
  try {
    return homedir();
  } catch {
    // A numeric user may have no entry with a home folder.
    return undefined;
  }
}

/** With `sudo` the home folder may belong to another user, who could exchange its contents. */
async function isOwned(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.uid === process.getuid?.();
}

async function makeFolder(folder: string, passable: boolean): Promise<void> {
  await mkdir(folder, { recursive: true, mode: passable ? 0o711 : 0o700 });
  requireOwn(await lstat(folder), 'it');
}

function requireOwn({ uid, mode }: { uid: number; mode: number }, what: string): void {
  if (uid !== process.getuid?.()) throw new Error(`${what} belongs to user ${uid}`);
  if ((mode & 0o022) !== 0) throw new Error(`users other than ${uid} can write in ${what}`);
}

/** A program that a platform keeps a copy of. */
export interface ProgramCopy<T> extends Pick<InterpreterCopyOptions, 'folders' | 'passable'> {
  readonly from: string;
  /** The name of the copy, which says what is in it. */
  readonly name: string;
  /** Rejects for a file that is not the program. */
  readonly verify: (path: string) => Promise<T>;
  readonly missing: (cause: unknown) => EnclosError;
}

/**
 * Copies a program into the first of the folders that takes it, or finds it there.
 * @returns what `verify` said of it, or why no folder takes it
 * @throws what `verify` and `missing` say
 */
export async function copyProgram<T>(
  copy: ProgramCopy<T>,
): Promise<{ readonly program: T } | { readonly reasons: readonly string[] }> {
  const reasons: string[] = [];
  for (const folder of copy.folders) {
    try {
      const path = join(folder, copy.name);
      await makeFolder(folder, copy.passable);
      return (await existing(path, copy)) ?? { program: await copied(path, copy) };
    } catch (error) {
      if (isEnclosError(error)) throw error;
      reasons.push(`${folder}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { reasons };
}

/** The existing copy, if it is ours and good. A damaged copy is made anew. */
async function existing<T>(path: string, { verify }: ProgramCopy<T>): Promise<{ readonly program: T } | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (!found.isFile()) throw new Error(`${path} is not a file`);
  requireOwn(found, path);
  try {
    await access(path, constants.X_OK);
    return { program: await verify(path) };
  } catch {
    return undefined;
  }
}

/** Appears whole or not at all, and any number of platforms may make it at once. */
async function copied<T>(to: string, { from, passable, verify, missing }: ProgramCopy<T>): Promise<T> {
  await access(from).catch((cause: unknown) => {
    throw missing(cause);
  });
  await durable.copy(from, to, {
    mode: passable ? 0o555 : 0o500,
    // The copy is hashed before each use, and an fsync of a hundred megabytes would delay the first start of every platform.
    isCache: true,
    // Fails when programs must not run from here (access(2): EACCES on a file system that is mounted noexec).
    check: (copy) => access(copy, constants.X_OK),
  });
  try {
    return await verify(to);
  } catch (error) {
    await rm(to, { force: true });
    // The copy equals its original, so check whether the original is wrong.
    if (isEnclosError(error)) await verify(from);
    throw error;
  }
}
