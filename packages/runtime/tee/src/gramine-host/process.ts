import { spawn, type ChildProcess } from 'node:child_process';
import { EnclosError } from '@enclos/errors';
import type { EnclaveExit } from '../launcher/launcher.ts';

const maxErrorBytes = 4096;

export interface GramineProcessOptions {
  readonly command: string;
  readonly folder: string;
  readonly name: string;
  /** The content of its standard input. */
  readonly input: Uint8Array;
  /** Values for the variables that the manifest takes from the host. */
  readonly environment: Readonly<Record<string, string>>;
  /** Keep the end of its error output. Only for a debug enclave. */
  readonly keepErrors: boolean;
}

/** A running `gramine-sgx`. */
export interface GramineProcess {
  readonly exited: Promise<EnclaveExit>;
  /** Kills it with all processes that it started. Idempotent; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts `gramine-sgx NAME` in its own process group. @throws TEE_DEVICE_MISSING when there is no such command. */
export async function startGramine(options: GramineProcessOptions): Promise<GramineProcess> {
  const { command, folder, name, input, environment, keepErrors } = options;
  const child = spawn(command, [name], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...environment },
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  const lastErrors = collectErrors(child, keepErrors);
  const exited = new Promise<EnclaveExit>((resolve) => {
    child.once('close', (exitCode, signal) => {
      resolve({ exitCode: exitCode ?? undefined, signal: signal ?? undefined, detail: lastErrors() });
    });
  });
  await started(child, command);
  // A process that ends without reading is reported by its exit.
  child.stdin?.on('error', () => undefined).end(input);
  return Object.freeze({
    exited,
    async kill() {
      killGroup(child);
      await exited;
    },
  });
}

function started(child: ChildProcess, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      reject(
        new EnclosError('TEE_DEVICE_MISSING', `${command} cannot be started.`, { cause, details: { path: command } }),
      );
    });
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

/** Always reads to the end: a full pipe would stop the enclave. */
function collectErrors(child: ChildProcess, keep: boolean): () => string {
  let kept = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (keep) kept = (kept + text).slice(-maxErrorBytes);
  });
  return () => kept;
}
