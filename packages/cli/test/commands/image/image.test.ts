import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Io } from '@enclos/cli-frame';
import { bundleWholeHost } from '../../../src/project/bundle-host.ts';
import { defaultHost } from '../../../src/project/options.ts';
import { findHost } from '../../../src/project/program-host.ts';
import { registryCredentials } from '../../../src/images/container.ts';
import { enclos, errorOf, newProject, temporaryFolder } from '../../cli.ts';

test('image build says what is missing: the enclave, then its signature', async () => {
  const cwd = await newProject();
  assert.equal(errorOf(await enclos(['image', 'build', '--json'], { cwd })).code, 'CLI_NOT_BUILT');
  assert.equal((await enclos(['build'], { cwd })).code, 0);
  assert.equal(errorOf(await enclos(['image', 'build', '--json'], { cwd })).code, 'CLI_NOT_SIGNED');
  assert.equal(existsSync(join(cwd, '.enclos/greeter.oci')), false);
});

const misuses: readonly (readonly [what: string, argv: readonly string[], code: string])[] = [
  ['a tag that is none', ['image', 'build', '--tag', 'a b'], 'CLI_USAGE'],
  ['a tag of a base that has none', ['image', 'build', '--base-tag', '1'], 'CLI_USAGE'],
  ['a place that leads out of /app', ['image', 'build', '--file', 'a:../b'], 'CLI_USAGE'],
  ['an absolute place without a name of its own', ['image', 'build', '--file', '/etc/passwd'], 'CLI_USAGE'],
  ['a program without a name', ['image', 'build', '--program', 'src/client.ts'], 'CLI_USAGE'],
  ['a program that leads out of /app', ['image', 'build', '--program', '../x=src/client.ts'], 'CLI_USAGE'],
  ['a digest that is none', ['image', 'verify', 'x', '--digest', 'sha256:00'], 'CLI_USAGE'],
  ['a measurement that is none', ['image', 'verify', 'x', '--mrenclave', '00'], 'CLI_USAGE'],
  ['nothing at the path', ['image', 'verify', './none'], 'OCI_LAYOUT_INVALID'],
  ['a reference without a host', ['image', 'push', 'x', 'team/vault:1'], 'OCI_REFERENCE_INVALID'],
  [
    'a reference to pull without tag and digest',
    ['image', 'pull', '127.0.0.1:1/a', '--out', 'x'],
    'OCI_REFERENCE_INVALID',
  ],
];

for (const [what, argv, code] of misuses) {
  test(`refused: ${what}`, async () => {
    assert.equal(errorOf(await enclos([...argv, '--json'], { cwd: temporaryFolder() })).code, code);
  });
}

test('SOURCE_DATE_EPOCH has to be a number of seconds', async () => {
  const cwd = await newProject();
  await enclos(['build'], { cwd });
  writeFileSync(join(cwd, '.enclos/greeter.sig'), 'no signature yet');
  const ran = await enclos(['image', 'build', '--json'], { cwd, env: { SOURCE_DATE_EPOCH: 'today', HOME: cwd } });
  assert.equal(errorOf(ran).code, 'BUILD_DATE_INVALID');
});

test('the host of an image is one module, the same in every folder', async () => {
  const scripts: string[] = [];
  for (const name of ['greeter', 'greeter']) {
    const folder = await newProject(name);
    const { script, modules } = await bundleWholeHost(folder, 'src/host.ts');
    const text = Buffer.from(script).toString();
    assert.ok(!text.includes(folder), 'no path of this machine');
    assert.ok(modules.some(({ path }) => path === 'src/host.ts'));
    assert.doesNotMatch(text, /from\s*"(?!node:)[^"]*"/, 'no package beside it');
    scripts.push(text);
  }
  assert.equal(scripts[0], scripts[1]);
});

test('the host of a program without its own knows what to say of wrong words', async () => {
  const { folder, source } = await findHost(temporaryFolder(), defaultHost, true);
  const { script, warnings } = await bundleWholeHost(folder, source);
  const file = join(temporaryFolder(), 'host.mjs');
  writeFileSync(file, script);
  const { status, stderr } = spawnSync(process.execPath, [file, '--unknown'], { encoding: 'utf8' });
  assert.equal(status, 2, stderr);
  assert.match(stderr, /no option --unknown[^]*next: Run `enclos help`/);
  assert.doesNotMatch(JSON.stringify(warnings), /commands.frame/);
});

test('a host of an image that is not there is named', async () => {
  await assert.rejects(bundleWholeHost(temporaryFolder(), 'src/host.ts'), { code: 'CLI_HOST_MISSING' });
});

test('credentials of registries come by the environment, both or a token', () => {
  const of = (env: Io['env']) => registryCredentials(env);
  assert.equal(of({}), undefined);
  assert.deepEqual(of({ ENCLOS_REGISTRY_USER: 'a', ENCLOS_REGISTRY_PASSWORD: 'b' }), { user: 'a', password: 'b' });
  assert.deepEqual(of({ ENCLOS_REGISTRY_TOKEN: 't', ENCLOS_REGISTRY_USER: 'a' }), { token: 't' });
  assert.throws(() => of({ ENCLOS_REGISTRY_USER: 'a' }), { code: 'CLI_USAGE' });
});
