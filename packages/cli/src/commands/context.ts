import { resolve } from 'node:path';
import type { Io } from '../output/io.ts';
import type { Printer } from '../command-line/printer.ts';
import { createProgress, type Progress } from '../output/progress.ts';

/** What a running command has at hand. */
export interface CommandContext {
  readonly io: Io;
  /** Notices for people, on standard error. */
  readonly notes: Printer;
  readonly progress: Progress;
  /** An absolute path from one of the command line. */
  readonly path: (given: string) => string;
}

export function createContext(io: Io, notes: Printer): CommandContext {
  return Object.freeze({
    io,
    notes,
    progress: createProgress(io),
    path: (given: string) => resolve(io.cwd, given),
  });
}
