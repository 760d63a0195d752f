import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { enclos, jsonLines, newProject, repository, signingKey, temporaryFolder } from '../../cli.ts';

const folder = await newProject('keeper');
const env = { ...process.env, XDG_STATE_HOME: temporaryFolder() };
const files: Readonly<Record<string, string>> = {
  'keeper.edl.ts': `import { bytes, defineInterface, func } from '@enclos/edl';
const blob = bytes({ maxBytes: 4096 });
export const app = defineInterface({ name: 'keeper', trusted: { keep: func({}, blob), open: func({ blob }) }, untrusted: {} });
`,
  'keeper.enclave.ts': `import { defineEnclave, seal, unseal } from '@enclos/enclave';
import { app } from './keeper.edl.ts';
export const application = defineEnclave(app, {
  keep: () => seal(new Uint8Array([1, 2, 3]), { policy: 'signer' }),
  open: async ({ blob }) => void (await unseal(blob, { policy: 'signer' })),
});
`,
  'host.ts': `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fromEnvironment, loadEnclave } from '@enclos/host';
import { app } from './keeper.edl.ts';
const environment = await fromEnvironment();
const enclave = await loadEnclave({ ...environment, interface: app, untrusted: {} });
if (existsSync('state.bin')) {
  const opened = enclave.call.open({ blob: new Uint8Array(readFileSync('state.bin')) });
  console.log(await opened.then(() => 'opened', (error) => error.code));
} else writeFileSync('state.bin', await enclave.call.keep({}));
await enclave.dispose();
await environment.launcher.close();
`,
};
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'src', name), text);

/** By the real clock: the last run is told by its time. */
const run = (...options: readonly string[]) =>
  enclos(['run', '--isolation=best', ...options], { cwd: folder, env, now: () => new Date() });
const warning = /⚠ If the enclave sealed state up to [^\n]*SEAL_NOT_OPENED/;

test(
  'a run that cannot open the state says so before SEAL_NOT_OPENED, and its way out opens it',
  { timeout: 180_000 },
  async () => {
    const first = await run();
    assert.deepEqual([first.code, warning.test(first.stderr)], [0, false], first.stderr);
    const same = await run();
    assert.deepEqual([same.stdout, warning.test(same.stderr)], ['opened\n', false]);
    // As `enclos keygen` would put it there.
    writeFileSync(join(folder, 'signing.key.pem'), signingKey(), { mode: 0o600 });
    const changed = await run();
    assert.equal(changed.stdout, 'SEAL_NOT_OPENED\n');
    assert.match(changed.stderr, warning);
    assert.match(changed.stderr, /\n {4}signer {2}MRSIGNER/);
    const [, command = ''] = /To open it: enclos run ([^\n]+)\n/.exec(changed.stderr) ?? [];
    const back = await run(...command.split(' '));
    assert.equal(back.stdout, 'opened\n', command);
    const debug = await run('--debug');
    assert.equal(debug.stdout, 'SEAL_NOT_OPENED\n');
    assert.match(debug.stderr, /mode +production → debug/);
  },
);

test(
  'with --json each line of the output is an event, and the host program writes to standard error',
  { timeout: 60_000 },
  () => {
    const program = join(repository, 'packages/cli/bin/enclos.js');
    const argv = [program, 'run', '--isolation=best', '--json'];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: folder, env, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const events = jsonLines(stdout);
    const names = events.map(({ event }) => event);
    assert.deepEqual(names, ['built', 'platform', 'closed-state', 'starting', 'running', 'ended']);
    const [built, platform, closed, starting, running, ended] = events;
    assert.equal(starting?.['mrEnclave'], built?.['mrEnclave']);
    assert.deepEqual([running?.['mrEnclave'], running?.['streams']], [built?.['mrEnclave'], []]);
    assert.match(String(starting?.['mrSigner']), /^[0-9a-f]{64}$/);
    assert.deepEqual([starting?.['productId'], starting?.['securityVersion'], starting?.['debug']], [1, 1, false]);
    assert.match(String(platform?.['rootFingerprint']), /^[0-9a-f]{64}$/);
    assert.equal(closed?.['code'], 'SEAL_NOT_OPENED');
    assert.equal(ended?.['exitCode'], 0);
    assert.equal(stderr.trimEnd().split('\n').at(-1), 'SEAL_NOT_OPENED');
  },
);
