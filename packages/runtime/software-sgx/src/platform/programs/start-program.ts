import { placeProgram, type MeasuredProgram } from '@enclos/isolation';
import { serveEnclave, type ServedEnclave } from '../process/serve-enclave.ts';
import type { PlatformServices } from '../services.ts';
import { neverGreeted } from './program-exit.ts';
import { spawnProgram, type ProgramProcess, type ProgramSpawn } from './program-process.ts';

export interface StartProgramOptions extends Omit<ProgramSpawn, 'path' | 'files'> {
  readonly program: MeasuredProgram;
  /** Called when nothing of the image is read any more. */
  readonly release: () => void;
  /** @throws when the enclave was ended in the meantime */
  readonly requireWanted: () => void;
}

/**
 * Starts a measured program, and serves it. Its file is there until it has greeted, which shows that it runs.
 * @throws PLATFORM_STORAGE_FAILED, PROGRAM_MISMATCH, ENCLAVE_START_FAILED
 */
export async function startProgram(
  services: Pick<PlatformServices, 'cpu' | 'quotingEnclave' | 'programs'>,
  served: ServedEnclave,
  { program, release, requireWanted, ...spawning }: StartProgramOptions,
): Promise<ProgramProcess> {
  const { programs: files } = services;
  const isPrivate = spawning.manifest.program.network === 'private';
  const placed = await placeProgram(files.folder, program);
  const remove = (): void => void placed.remove().catch(() => undefined);
  try {
    await placed.recheck();
    requireWanted();
    const made = spawnProgram({ ...spawning, files, path: placed.path });
    void made.exited.then(remove);
    // A program with a private network need not know its platform. Its copy stays until it ends: nothing tells that it runs.
    const greeting = isPrivate ? 'optional' : { greeted: remove, late: () => made.kill(neverGreeted) };
    serveEnclave(services, served, made, greeting);
    return made;
  } catch (error) {
    remove();
    throw error;
  } finally {
    release();
  }
}
