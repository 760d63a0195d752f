import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Io } from '@enclos/cli-frame';
import { shellWord } from '@enclos/command-line';
import { EnclosError } from '@enclos/errors';
import { findGo } from '@enclos/go-toolchain';

/** The `go` of a command in this environment: what builds or runs goes to `enclos go`, everything else to Go itself. */
function script(go: string, enclos: readonly string[]): string {
  const command = enclos.map(shellWord).join(' ');
  const real = shellWord(go);
  return `#!/bin/sh
case "$1" in
  build|test|install) verb=$1; shift; exec ${command} go "$verb" --go ${real} -- "$@" ;;
  *) exec ${real} "$@" ;;
esac
`;
}

/**
 * Runs a command with a `go` and an `ego-go` in front of its PATH that build enclaves, for build scripts and Makefiles that call Go.
 * @param command a program and its arguments
 * @returns its exit code
 * @throws GO_NOT_FOUND, CLI_SYSTEM_REFUSED when the command cannot be started
 */
export async function egoEnv(command: readonly string[], io: Io): Promise<number> {
  const { path } = await findGo(undefined, io.env);
  const folder = await mkdtemp(join(tmpdir(), 'enclos-go-'));
  try {
    const text = script(path, [process.execPath, ...process.argv.slice(1, 2)]);
    for (const name of ['go', 'ego-go']) await writeFile(join(folder, name), text, { mode: 0o755 });
    const env = { ...io.env, CGO_ENABLED: '0', PATH: `${folder}${delimiter}${io.env['PATH'] ?? ''}` };
    return await exitOf(command, { env, io });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function exitOf(
  [program = '', ...parameters]: readonly string[],
  { env, io }: { env: NodeJS.ProcessEnv; io: Io },
): Promise<number> {
  const isOurs = io.children === 'inherit';
  const child = spawn(program, parameters, {
    cwd: io.cwd,
    env,
    stdio: isOurs ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  child.stdout?.on('data', (bytes: Buffer) => io.stdout.write(bytes));
  child.stderr?.on('data', (bytes: Buffer) => io.stderr.write(bytes));
  // The terminal sends them to the child too, which decides what they mean.
  const stop = io.onSignal((signal) => child.kill(signal));
  try {
    return await once(child, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : 1));
  } catch (cause) {
    throw new EnclosError('CLI_SYSTEM_REFUSED', `${program} cannot be run.`, { details: { path: program }, cause });
  } finally {
    stop();
  }
}
