import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../../../packages/cli/bin/enclos.js', import.meta.url));

/** Runs `enclos` with `--json`. @returns the code that it fails with; undefined when it does not. */
export function enclos(...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(process.execPath, [program, ...args, '--json'], { encoding: 'utf8' });
  const { error } = JSON.parse(stdout) as { readonly error?: { readonly code: string } };
  if ((status === 0) !== (error === undefined)) throw new Error(`enclos ended with ${status} and said ${stdout}`);
  return error?.code;
}
