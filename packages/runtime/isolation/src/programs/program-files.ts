import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assembledFilter, interpreterTables } from '../layers/seccomp.ts';
import { architectureHere, writeOnce } from '../layers/start-files.ts';
import { findRelay, relayName } from '../relay/find-relay.ts';
import { outerPrivateTables } from './private-calls.ts';
import { lastStepProgram } from './last-step.ts';
import type { ProgramKind } from './program-filter.ts';

/** The paths of the last step before a program, which has the filter of the program in it. */
export interface LastSteps {
  readonly plain: string;
  /** For a program to which sockets are passed. */
  readonly passing: string;
  /** For a program with a private network. */
  readonly private: string;
}

/** Writes them into a folder from which programs run. @throws PLATFORM_STORAGE_FAILED */
export async function writeLastSteps(folder: string): Promise<LastSteps> {
  const write = (name: string, options: ProgramKind): Promise<string> =>
    writeOnce(join(folder, name), lastStepProgram(architectureHere, options), 0o555);
  return Object.freeze({
    plain: await write('enclos-step', { passes: false }),
    passing: await write('enclos-step-passing', { passes: true }),
    private: await write('enclos-step-private', { passes: false, isPrivate: true }),
  });
}

/** What a platform has for programs with a private network. */
export interface PrivateFiles {
  /** The filter under which the relay and the last step add theirs. */
  readonly filterPath: string;
  readonly relayPath: string;
}

/** Writes them into a folder from which programs run. @returns undefined where the relay was not built @throws PLATFORM_STORAGE_FAILED */
export async function writePrivateFiles(
  folder: string,
  relay: string | undefined = findRelay(),
): Promise<PrivateFiles | undefined> {
  if (relay === undefined) return undefined;
  const filter = assembledFilter(architectureHere, outerPrivateTables(interpreterTables));
  return Object.freeze({
    filterPath: await writeOnce(join(folder, 'private.bpf'), filter, 0o444),
    relayPath: await writeOnce(join(folder, relayName), await readFile(relay), 0o555),
  });
}
