import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './run.mjs';
import { childEnvironment } from './workspace.mjs';

/**
 * Runs a command of npm.
 * @returns what it printed; throws with that when it fails
 */
export async function npm(words, { cwd, env, limitMs } = {}) {
  const { code, output } = await run('npm', words, { cwd, env: childEnvironment(env), limitMs });
  if (code !== 0) throw new Error(`npm ${words.slice(0, 3).join(' ')} failed:\n${output}`);
  return output;
}

/** The path of the npm of this machine. */
export function npmPath() {
  const found = childEnvironment()
    .PATH.split(delimiter)
    .map((folder) => join(folder, 'npm'))
    .find(existsSync);
  if (found === undefined) throw new Error('There is no npm in PATH.');
  return found;
}
