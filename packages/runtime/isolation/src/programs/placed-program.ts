import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EnclosError } from '@enclos/errors';
import { storageFailed } from '@enclos/tee/storage';
import { stateOf, wasChanged, writeProgramCopy } from './program-copy.ts';
import type { MeasuredProgram } from './require-program.ts';
import { writeLastSteps, writePrivateFiles, type LastSteps, type PrivateFiles } from './program-files.ts';

/** What a platform has for programs. */
export interface ProgramServices {
  /** For the copies of programs: they run from there. */
  readonly folder: string;
  readonly lastSteps: LastSteps;
  /** The filter under which a last step adds its own. */
  readonly filterPath: string;
  /** For programs with a private network; undefined where their relay was not built. */
  readonly privateNetwork: PrivateFiles | undefined;
}

const copyName = /^p-[0-9a-f]{16}$/;
/** A copy is there until its program has started. */
const abandonedAfterMs = 60 * 60 * 1000;

/**
 * Takes the first of these folders from which programs run. @throws PLATFORM_STORAGE_FAILED
 * @param folders in which only the user of the platform can write
 */
export async function prepareProgramFiles(
  [folder = '', ...others]: readonly string[],
  filterPath: string,
): Promise<ProgramServices> {
  try {
    const lastSteps = await writeLastSteps(folder);
    // EACCES on a file system that is mounted noexec (access(2)).
    await access(lastSteps.plain, constants.X_OK);
    await removeAbandoned(folder);
    return Object.freeze({ folder, lastSteps, filterPath, privateNetwork: await writePrivateFiles(folder) });
  } catch (error) {
    if (others.length === 0) throw storageFailed(folder, error);
    return prepareProgramFiles(others, filterPath);
  }
}

/** What killed platforms left in a folder that stays. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter((found) => copyName.test(found))) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > abandonedAfterMs) await rm(path, { force: true });
  }
}

/** A program of one launch, as a file. */
export interface PlacedProgram {
  readonly path: string;
  /** Before it starts. @throws PROGRAM_MISMATCH */
  recheck(): Promise<void>;
  /** Once it runs, or never will. Idempotent. */
  remove(): Promise<void>;
}

/** Writes the measured bytes where they can be run, and compares what is there. @throws PLATFORM_STORAGE_FAILED, PROGRAM_MISMATCH */
export async function placeProgram(folder: string, program: MeasuredProgram): Promise<PlacedProgram> {
  const path = join(folder, `p-${randomBytes(8).toString('hex')}`);
  const remove = (): Promise<void> => rm(path, { force: true });
  try {
    const state = await writeProgramCopy(path, program);
    const recheck = async (): Promise<void> => {
      const now = await stat(path).catch((cause: unknown) => {
        throw new EnclosError('PROGRAM_MISMATCH', `${path} is gone.`, { cause });
      });
      if (stateOf(now) !== state) throw wasChanged(path);
    };
    return Object.freeze({ path, recheck, remove });
  } catch (error) {
    await remove();
    throw storageFailed(path, error);
  }
}
