import type { TextStream } from '@enclos/command-line';

/** A stream that a command writes to. A pipe has colours only when they are forced. */
export interface OutputStream extends TextStream {
  readonly isTTY: boolean;
  /** Bytes are those of a program, and written as they are. */
  write(output: string | Uint8Array): void;
}

/** Standard input of a command that takes single keys. */
export interface Keyboard {
  /** True when each key arrives at once, as on a terminal; false when input arrives by lines. */
  readonly isTTY: boolean;
  /** Calls `handler` with what is typed. @returns a function that stops this and restores the terminal */
  listen(handler: (text: string) => void): () => void;
}

/** Everything that a command touches outside this process except files. Tests supply their own. */
export interface Io {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** An absolute path. Relative paths on the command line start here. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** Whether programs that a command starts inherit our descriptors, or write through `stdout` and `stderr`. */
  readonly children: 'inherit' | 'pipe';
  /** Keys that are typed while a command runs. Absent without a keyboard. */
  readonly keyboard?: Keyboard;
  /** Calls `handler` for SIGINT, SIGTERM and SIGHUP, which then do not end the process. @returns a function that stops this */
  onSignal(handler: (signal: NodeJS.Signals) => void): () => void;
}

/**
 * Whether to colour a stream. FORCE_COLOR is explicit and wins; NO_COLOR
 * (no-color.org) counts when it is not empty; a pipe gets none.
 */
export function wantsColor(env: Io['env'], isTTY: boolean): boolean {
  const { FORCE_COLOR: force, NO_COLOR: none, TERM: terminal } = env;
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (none !== undefined && none !== '') return false;
  return isTTY && terminal !== 'dumb';
}
