import { execFile } from 'node:child_process';
import { EnclosError } from '@enclos/errors';

/** Runs a program to its end. Rejects as `execFile` does: with `code` an errno name or the exit code. */
export type RunCommand = (command: string, args: readonly string[], timeoutMs: number) => Promise<void>;

export const runCommand: RunCommand = (command, args, timeoutMs) =>
  new Promise((resolve, reject) => {
    // tpm2-tools read settings from TPM2TOOLS_* and TSS2_*. Only the arguments shall count here.
    const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' };
    execFile(command, args, { env, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 65_536 }, (error) => {
      if (error === null) resolve();
      else reject(error instanceof Error ? error : new Error('The program failed.'));
    });
  });

/** TEE_DEVICE_MISSING when there is no such program, TEE_DEVICE_FAILED when it failed. Its output is not repeated. */
export function commandError(command: string, cause: unknown): EnclosError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  const reason = typeof code === 'string' || typeof code === 'number' ? String(code) : 'ended by a signal';
  const missing = reason === 'ENOENT' || reason === 'EACCES';
  return new EnclosError(missing ? 'TEE_DEVICE_MISSING' : 'TEE_DEVICE_FAILED', `${command}: ${reason}.`, {
    cause,
    details: { command, reason },
  });
}
