// A user who has never seen this repository: an empty home, a Node, npm or pnpm, and a registry.
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createUser } from '../stranger/user.mjs';
import { npmScript, pnpmScript } from './programs.mjs';

const limitMs = 300_000;

/** Programs in a folder of PATH, so that scripts which start `node` by name get this one as well. */
function writePrograms(folder, { node, scripts }) {
  symlinkSync(node, join(folder, 'node'));
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\nexec "${node}" "${script}" "$@"\n`);
    chmodSync(join(folder, name), 0o755);
  }
}

/**
 * An empty home outside this repository, of another user where that can be, for as long as it is used.
 *
 * @param url the address of the registry that npm and pnpm use
 * @param node the Node of the user; the present one if it is absent
 * @param use gets `{ home, own, shell }` of the user; `shell(commands, { cwd, until })` returns what `run` does
 */
export async function emptyHome({ url, node = process.execPath }, use) {
  const npm = npmScript();
  const scripts = { npm, npx: npm.replace(/npm-cli\.js$/, 'npx-cli.js'), pnpm: await pnpmScript() };
  const user = createUser({
    programs: (folder) => writePrograms(folder, { node, scripts }),
    // Package managers ask no questions there.
    variables: { CI: '1' },
  });
  try {
    const settings = join(user.home, '.npmrc');
    writeFileSync(settings, `registry=${url}/\naudit=false\nfund=false\nupdate-notifier=false\n`);
    user.own(settings);
    return await use({ ...user, shell: (script, options) => user.shell(script, { limitMs, ...options }) });
  } finally {
    await user.remove();
  }
}

/**
 * Installs a project with npm or pnpm, without the scripts of its dependencies: nothing of ours needs them.
 * @throws with what the package manager said
 */
export async function installFrom(shell, { manager, cwd }) {
  const installed = await shell(`${manager} install --ignore-scripts`, { cwd });
  if (installed.code !== 0) throw new Error(`${manager} install failed:\n${installed.output}`);
}
