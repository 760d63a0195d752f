import { resolve } from 'node:path';
import type { CommandEntry, Printer } from '@enclos/command-line';
import type { Io } from './output/io.ts';
import { createProgress, type Progress } from './output/progress.ts';

export type Category =
  | 'Project'
  | 'Go programs'
  | 'Image'
  | 'Kubernetes'
  | 'Native enclaves'
  | 'Evidence'
  | 'Inference'
  | 'Ledgers'
  | 'Platform'
  | 'Shell';

/** A command of `enclos` as the registry lists it. */
export interface Entry extends CommandEntry<CommandContext> {
  readonly category: Category;
}

/** What a running command gets. */
export interface CommandContext {
  readonly io: Io;
  /** Notices for people, on standard error. */
  readonly notes: Printer;
  readonly progress: Progress;
  /** Makes a path of the command line absolute. The path of an option that was not given stays undefined. */
  readonly path: <T extends string | undefined>(given: T) => T extends undefined ? undefined : string;
  /** Every command of `enclos`. */
  readonly commands: readonly Entry[];
}

/** @param world the streams and the commands of this run */
export function createContext(world: Pick<CommandContext, 'io' | 'notes' | 'commands'>): CommandContext {
  const { io } = world;
  return Object.freeze({
    ...world,
    progress: createProgress(io),
    // The type is conditional, and the compiler does not narrow it by the value.
    path: ((given: string | undefined) =>
      given === undefined ? undefined : resolve(io.cwd, given)) as CommandContext['path'],
  });
}
