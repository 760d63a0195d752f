/** One stream that a command writes to. */
export interface OutputStream {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Whether ANSI colours are wanted. Never for a pipe, unless somebody forced them. */
  readonly color: boolean;
  readonly columns?: number;
}

/** Standard input of a command that takes single keys. */
export interface Keyboard {
  /** Each key comes at once, as on a terminal; otherwise by lines. */
  readonly isTTY: boolean;
  /** Calls `handler` with what is typed. Returns how to stop, which leaves the terminal as it was. */
  listen(handler: (text: string) => void): () => void;
}

/** Everything of the outside world that a command touches beside files: a test gives its own. */
export interface Io {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Absolute. Relative paths on the command line start here. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** Whether a program that a command starts shares our descriptors, or its output passes through `stdout` and `stderr`. */
  readonly children: 'inherit' | 'pipe';
  /** What somebody types while a command runs; absent where nobody does. */
  readonly keyboard?: Keyboard;
  /** Calls `handler` for SIGINT, SIGTERM and SIGHUP in place of ending. Returns how to stop that. */
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
