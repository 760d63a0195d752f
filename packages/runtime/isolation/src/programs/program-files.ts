import { join } from 'node:path';
import { architectureHere, writeOnce } from '../layers/start-files.ts';
import { lastStepProgram } from './last-step.ts';

/** The paths of the last step before a program, which has the filter of the program in it. */
export interface LastSteps {
  readonly plain: string;
  /** For a program to which sockets are passed. */
  readonly passing: string;
}

/** Writes both into a folder from which programs run. @throws PLATFORM_STORAGE_FAILED */
export async function writeLastSteps(folder: string): Promise<LastSteps> {
  const write = (name: string, passes: boolean): Promise<string> =>
    writeOnce(join(folder, name), lastStepProgram(architectureHere, { passes }), 0o555);
  return Object.freeze({ plain: await write('enclos-step', false), passing: await write('enclos-step-passing', true) });
}
