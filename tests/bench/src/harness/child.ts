import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A program that answers lines with lines. */
export interface Child {
  readonly processId: number;
  nextLine(): Promise<string>;
  write(line: string): void;
  /** Ends its input, and waits for its end. */
  close(): Promise<void>;
}

/** Starts a program of `programs`, in this Node. */
export function start(program: string, ...args: readonly string[]): Child {
  return startWith(process.execPath, program, ...args);
}

/** Starts a program of `programs` in another interpreter. */
export function startWith(interpreter: string, program: string, ...args: readonly string[]): Child {
  return startProgram(interpreter, fileURLToPath(new URL(`../${program}`, import.meta.url)), ...args);
}

/** Starts a program that ends with its input. */
export function startProgram(program: string, ...args: readonly string[]): Child {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines: AsyncIterator<string, undefined> = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    processId: child.pid ?? 0,
    async nextLine() {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${program} has ended.`);
      return value;
    },
    write: (line) => void child.stdin.write(`${line}\n`),
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
