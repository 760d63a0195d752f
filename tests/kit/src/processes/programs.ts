import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProgram } from '@enclos/testkit';

export { saidBy, startProgram, type Ran, type Running } from '@enclos/testkit';

// From tests/kit/dist/src/processes.
export const repository = fileURLToPath(new URL('../../../../..', import.meta.url));
/** The command of this repository. */
export const enclosBin = join(repository, 'packages/cli/bin/enclos.js');

/**
 * Makes a project with `enclos new`. Its packages are those of this repository, where npm would install them from a registry.
 * @returns its folder
 */
export async function newProject(folder: string, name: string, template = 'app'): Promise<string> {
  const words = [process.execPath, enclosBin, 'new', name, '--template', template];
  const { code, stderr } = await startProgram(words, { cwd: folder }).ended;
  assert.equal(code, 0, stderr);
  const project = join(folder, name);
  symlinkSync(join(repository, 'node_modules'), join(project, 'node_modules'));
  return project;
}
