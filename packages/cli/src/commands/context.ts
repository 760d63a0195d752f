import { resolve } from 'node:path';
import type { Printer } from '../command-line/printer.ts';
import type { Io } from '../output/io.ts';
import { createProgress, type Progress } from '../output/progress.ts';
import type { Entry } from './define.ts';

/** What a running command gets. */
export interface CommandContext {
  readonly io: Io;
  /** Notices for people, on standard error. */
  readonly notes: Printer;
  readonly progress: Progress;
  /** Makes a path of the command line absolute. */
  readonly path: (given: string) => string;
  /** Every command of `enclos`. */
  readonly commands: readonly Entry[];
}

/** @param world the streams and the commands of this run */
export function createContext(world: Pick<CommandContext, 'io' | 'notes' | 'commands'>): CommandContext {
  const { io } = world;
  return Object.freeze({
    ...world,
    progress: createProgress(io),
    path: (given: string) => resolve(io.cwd, given),
  });
}
