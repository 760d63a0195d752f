import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Io } from '../io.ts';

export interface HostProcessOptions {
  readonly script: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Io['env'];
}

/**
 * Runs a host program to its end, handing on signals.
 * @returns its exit code; 128 and the number of the signal when one ended it, as shells have it.
 */
export async function runHostProcess(options: HostProcessOptions, io: Io): Promise<number> {
  const stdio = io.children === 'inherit' ? 'inherit' : 'pipe';
  const child = spawn(process.execPath, ['--enable-source-maps', options.script, ...options.args], {
    cwd: options.cwd,
    env: options.env,
    stdio,
  });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => io.stdout.write(text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => io.stderr.write(text));
  child.stdin?.end();
  const stop = io.onSignal((signal) => {
    // Ctrl-C reaches everybody in the terminal already; twice would be impatience.
    if (signal === 'SIGINT' && io.children === 'inherit' && process.stdin.isTTY) return;
    child.kill(signal);
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      // After `close` all its output has passed.
      child.once('close', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
    });
  } finally {
    stop();
  }
}
