// A registry on this machine that has the packages of this repository, as if they were published. What is not ours it gets
// from the registry that npm itself is set to. That address is read when it runs, and is written only into a
// temporary file. A token for it comes from ENCLOS_REGISTRY_TOKEN, where it needs one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { npm } from '../lib/npm.mjs';
import { pool } from '../lib/run.mjs';
import { childEnvironment, importBuilt, root } from '../lib/workspace.mjs';
import { packPackages } from '../packages/pack.mjs';
import { verdaccioScript } from './programs.mjs';

const startMs = 60_000;
const publishMs = 120_000;

const npmSetting = async (name) => (await npm(['config', 'get', name], { cwd: tmpdir() })).trim();

/** JSON is YAML. Our names never come from elsewhere, and other names are never published here. */
function configurationOf({ storage, uplink, hasToken }) {
  const ours = { access: '$all', publish: '$all', unpublish: '$all' };
  return JSON.stringify({
    storage,
    uplinks: {
      upstream: {
        url: uplink,
        timeout: '60s',
        maxage: '60m',
        ...(hasToken ? { auth: { type: 'bearer', token_env: 'ENCLOS_REGISTRY_TOKEN' } } : {}),
      },
    },
    packages: {
      '@enclos/*': ours,
      'create-enclos': ours,
      '**': { access: '$all', publish: '$none', proxy: 'upstream' },
    },
    max_body_size: '50mb',
    web: { enable: false },
    log: { type: 'stdout', format: 'pretty', level: 'warn' },
  });
}

async function untilAnswers(url, child, said) {
  const end = Date.now() + startMs;
  for (;;) {
    const answer = await fetch(`${url}/-/ping`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (child.exitCode !== null || Date.now() > end) throw new Error(`The registry did not start:\n${said()}`);
    await sleep(100);
  }
}

/** The address of a registry that has the packages already. */
export const sharedRegistryVariable = 'ENCLOS_SHARED_REGISTRY';

/** npm asks for a token before it publishes, and this registry takes any. */
async function publishAll(url, { packed, tarballs, base }) {
  const userconfig = join(base, 'publish.npmrc');
  writeFileSync(userconfig, `registry=${url}/\n${url.replace('http:', '')}/:_authToken=local\n`);
  const env = { npm_config_userconfig: userconfig };
  const flags = ['--provenance=false', '--ignore-scripts', '--registry', `${url}/`];
  const publish = ({ file }) => npm(['publish', join(packed, file), ...flags], { cwd: base, env, limitMs: publishMs });
  await pool(
    tarballs.map((tarball) => () => publish(tarball)),
    2,
  );
}

/**
 * Packs and publishes the packages of this repository to a registry on this machine, for as long as it is used. There is one at a time, since its
 * storage is in the repository; a tool that `tools/strangers.mjs` runs uses that of it.
 *
 * @param use gets `{ url }`, the address without a slash at its end
 * @returns what `use` returns
 */
export async function withRegistry(use) {
  const shared = process.env[sharedRegistryVariable];
  if (shared !== undefined) return use({ url: shared });
  const base = mkdtempSync(join(tmpdir(), 'enclos-registry-'));
  let child;
  try {
    const packed = join(base, 'packed');
    const { tarballs, problems } = await packPackages(packed);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    // What comes from elsewhere is kept for the next time; what is ours is new each time.
    const storage = join(root, '.enclos/registry');
    mkdirSync(storage, { recursive: true });
    for (const ours of ['@enclos', 'create-enclos']) rmSync(join(storage, ours), { recursive: true, force: true });
    rmSync(join(storage, '.verdaccio-db.json'), { force: true });
    const config = join(base, 'verdaccio.yaml');
    const hasToken = process.env.ENCLOS_REGISTRY_TOKEN !== undefined;
    writeFileSync(config, configurationOf({ storage, uplink: await npmSetting('registry'), hasToken }));
    const { freePort } = await importBuilt('tools/testkit/dist/src/index.js');
    const url = `http://127.0.0.1:${await freePort()}`;
    const authorities = await npmSetting('cafile');
    const script = await verdaccioScript();
    const chunks = [];
    child = spawn(process.execPath, [script, '--config', config, '--listen', url.slice('http://'.length)], {
      cwd: base,
      env: childEnvironment(authorities === 'null' ? {} : { NODE_EXTRA_CA_CERTS: authorities }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Nothing stays when this process ends early.
    process.once('exit', () => child.kill('SIGKILL'));
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
    await untilAnswers(url, child, () => Buffer.concat(chunks).toString('utf8'));
    await publishAll(url, { packed, tarballs, base });
    return await use({ url });
  } finally {
    if (child !== undefined && child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(base, { recursive: true, force: true });
  }
}
