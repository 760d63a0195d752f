// A user who has never seen this repository: an empty home, a Node, npm or pnpm, and a registry.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../lib/run.mjs';
import { npmScript, pnpmScript } from './programs.mjs';

const limitMs = 300_000;

/** A user who owns nothing. Only root can become another one; without root it is the present user. */
export const anotherUser = () => (process.getuid() === 0 ? { uid: 65_534, gid: 65_534 } : undefined);

/** Programs in a folder of PATH, so that scripts which start `node` by name get this one as well. */
function writePrograms(folder, { node, scripts }) {
  mkdirSync(folder);
  symlinkSync(node, join(folder, 'node'));
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\nexec "${node}" "${script}" "$@"\n`);
    chmodSync(join(folder, name), 0o755);
  }
}

/**
 * An empty home outside this repository, for as long as it is used. The environment is that of a fresh login: nothing of
 * the present one but where system programs are.
 *
 * @param url the address of the registry that npm and pnpm use
 * @param node the Node of the user; the present one if it is absent
 * @param user `{ uid, gid }` of another user
 * @param use gets `{ home, shell }`; `shell(commands, { cwd, until })` runs them with bash as the user, and returns what `run` does
 */
export async function emptyHome({ url, node = process.execPath, user }, use) {
  const home = mkdtempSync(join(tmpdir(), 'enclos-home-'));
  try {
    const bin = join(home, '.bin');
    const npm = npmScript();
    const npx = npm.replace(/npm-cli\.js$/, 'npx-cli.js');
    writePrograms(bin, { node, scripts: { npm, npx, pnpm: await pnpmScript() } });
    writeFileSync(join(home, '.npmrc'), `registry=${url}/\naudit=false\nfund=false\nupdate-notifier=false\n`);
    if (user !== undefined) {
      for (const path of ['.', ...readdirSync(home, { recursive: true })].map((name) => join(home, name))) {
        if (!path.endsWith('/.bin/node')) chownSync(path, user.uid, user.gid);
      }
    }
    const env = {
      HOME: home,
      PATH: `${bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      LANG: 'C.UTF-8',
      NO_COLOR: '1',
      CI: '1',
    };
    const shell = (commands, { cwd = home, until } = {}) =>
      run('bash', ['-c', until === undefined ? `set -e\n${commands}` : `exec ${commands}`], {
        cwd,
        env,
        limitMs,
        until,
        ...(user === undefined ? {} : { user }),
      });
    return await use({ home, shell });
  } finally {
    rmSync(home, { recursive: true, force: true });
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
