import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { constants } from 'node:os';
import type { Io } from '@enclos/cli-frame';

export interface HostProcessOptions {
  readonly script: string;
  /** Options of Node. */
  readonly flags?: readonly string[];
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Io['env'];
  /** Where its standard output goes, when ours is for something else. */
  readonly output?: 'stderr' | undefined;
}

export interface HostProcess {
  /** Settles when it is gone and all its output has passed: its exit code; 128 and the number of the signal when one ended it, as shells have it. */
  readonly ended: Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** Asks it to end, and ends it when it does not. Resolves when it is gone. */
  stop(): Promise<void>;
}

/** How long a host program may take to end after SIGTERM. */
const graceMs = 3000;

/**
 * Starts a host program that ends with this process, however this process ends:
 * one of its descriptors is a pipe that only this process holds.
 */
export function startHostProcess(options: HostProcessOptions, io: Io): HostProcess {
  const output = io.children === 'inherit' ? 'inherit' : 'pipe';
  const lifeline = new URL('./host-lifeline.js', import.meta.url).href;
  const child = spawnHost(options, { flags: ['--import', lifeline], stdio: ['ignore', output, output, 'pipe'] });
  passOutput(child, io);
  // The program may be gone before its end of the pipe is.
  child.stdio[3]?.on('error', () => undefined);
  const ended = endOf(child);
  return Object.freeze({
    ended,
    signal: (signal: NodeJS.Signals) => void child.kill(signal),
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended.catch(() => undefined);
      clearTimeout(timer);
    },
  });
}

/**
 * Runs a host program to its end, handing on signals and standard input.
 * @returns its exit code
 */
export async function runHostProcess(options: HostProcessOptions, io: Io): Promise<number> {
  const output = options.output === 'stderr' ? process.stderr.fd : 'inherit';
  const stdio: StdioOptions = io.children === 'inherit' ? ['inherit', output, 'inherit'] : 'pipe';
  const child = spawnHost(options, { flags: options.flags ?? [], stdio });
  passOutput(child, options.output === 'stderr' ? { ...io, stdout: io.stderr } : io);
  child.stdin?.end();
  const stop = io.onSignal((signal) => {
    // The terminal already sends Ctrl-C to every process of its foreground group: do not send it twice.
    if (signal === 'SIGINT' && io.children === 'inherit' && process.stdin.isTTY) return;
    child.kill(signal);
  });
  try {
    return await endOf(child);
  } finally {
    stop();
  }
}

function spawnHost(
  { script, args, cwd, env }: HostProcessOptions,
  { flags, stdio }: { readonly flags: readonly string[]; readonly stdio: StdioOptions },
): ChildProcess {
  return spawn(process.execPath, ['--enable-source-maps', ...flags, script, ...args], { cwd, env, stdio });
}

function passOutput(child: ChildProcess, io: Io): void {
  child.stdout?.setEncoding('utf8').on('data', (text: string) => io.stdout.write(text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => io.stderr.write(text));
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
  });
}
