import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programFile } from '@enclos/testkit';
import { enclos, errorOf, signingKey, temporaryFolder, type Ran } from '../../cli.ts';

const config = { exe: 'server', key: 'private.pem', heapSize: 64 };

function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const ego = (argv: readonly string[], cwd: string): Promise<Ran> => enclos(['ego', ...argv], { cwd });
const codeOf = ({ code, stderr }: Ran): readonly unknown[] => [code, /\b([A-Z]+_[A-Z_]+)\b/.exec(stderr)?.[1]];

test('signs nothing without a configuration or an executable', async () => {
  const folder = temporaryFolder();
  assert.deepEqual(codeOf(await ego(['sign'], folder)), [2, 'CLI_FILE_UNREADABLE']);
  assert.deepEqual(codeOf(await ego(['sign', 'nothing'], folder)), [2, 'CLI_FILE_UNREADABLE']);
  // It leaves no configuration of an executable that is not there.
  assert.deepEqual(codeOf(await ego(['sign'], folder)), [2, 'CLI_FILE_UNREADABLE']);
});

test('marks what is wrong with a configuration', async () => {
  const text = JSON.stringify({ ...config, executableHeap: true, extra: 1 }, undefined, 2);
  const folder = folderWith({ 'enclave.json': text });
  const ran = await ego(['sign', '--json'], folder);
  assert.deepEqual([ran.code, errorOf(ran).code], [2, 'EGO_CONFIG_INVALID']);
  assert.deepEqual(
    errorOf(ran).diagnostics?.map(({ line }) => line),
    [5, 6],
  );
});

test('signs the executable that the configuration names, and no other', async () => {
  const folder = folderWith({ 'enclave.json': JSON.stringify(config), other: '' });
  assert.deepEqual(codeOf(await ego(['sign', 'other'], folder)), [2, 'EGO_CONFIG_INVALID']);
});

test('refuses what Enclos has not built, and names the command that does', async () => {
  const folder = folderWith({ 'enclave.json': JSON.stringify(config), server: programFile() });
  const ran = await ego(['sign'], folder);
  assert.deepEqual(codeOf(ran), [2, 'EGO_PROGRAM_REFUSED']);
  assert.match(ran.stderr, /`enclos go build`/);
});

test('what is not signed has no identity, does not run, and makes no bundle', async () => {
  const folder = folderWith({ server: programFile() });
  for (const verb of ['uniqueid', 'signerid', 'run', 'bundle']) {
    assert.deepEqual(codeOf(await ego([verb, 'server'], folder)), [2, 'EGO_NOT_SIGNED'], verb);
  }
});

test('commands for images find that of a program for EGo, and those that build point at the right ones', async () => {
  const folder = folderWith({ 'enclave.json': JSON.stringify(config), server: programFile() });
  for (const argv of [
    ['image', 'build'],
    ['sign', '--key', 'private.pem'],
  ]) {
    if (argv[0] === 'sign') writeFileSync(join(folder, 'private.pem'), signingKey());
    const ran = await enclos(argv, { cwd: folder });
    assert.deepEqual(codeOf(ran), [2, 'CLI_NOT_BUILT'], ran.stderr);
    assert.match(ran.stderr, /\.enclos\/server\.sgxs[^]*`enclos ego sign`/);
  }
  assert.deepEqual(codeOf(await enclos(['image', 'build', '--relayed'], { cwd: folder })), [2, 'CLI_USAGE']);
  for (const verb of ['build', 'run']) {
    const ran = await enclos([verb], { cwd: folder });
    assert.deepEqual(codeOf(ran), [2, 'BUILD_MANIFEST_INVALID']);
    assert.match(ran.stderr, /a configuration of EGo: `enclos ego sign`/);
    assert.doesNotMatch(ran.stderr, /unknown key/);
  }
  assert.match((await enclos(['deploy'], { cwd: folder })).stderr, /no enclave\.json of Enclos[^]*--image-layout/);
});

test('prints the signer of a key, of either half', async () => {
  const folder = folderWith({ 'private.pem': signingKey(), 'broken.pem': 'no key' });
  const ran = await ego(['signerid', 'private.pem'], folder);
  assert.match(ran.stdout, /^[0-9a-f]{64}\n$/);
  const inspected = await enclos(['inspect', 'private.pem'], { cwd: folder });
  assert.ok(inspected.stdout.includes(ran.stdout.trim()));
  assert.deepEqual(codeOf(await ego(['signerid', 'broken.pem'], folder)), [2, 'SIGNING_KEY_INVALID']);
});

test('arguments are refused, since they would not be measured', async () => {
  const ran = await ego(['run', 'server', 'one'], temporaryFolder());
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /"arguments"/);
  assert.match(ran.stderr, /EDG_/);
});

test('listens at addresses only', async () => {
  const ran = await ego(['run', 'server', '--listen-address', 'localhost'], temporaryFolder());
  assert.deepEqual(codeOf(ran), [2, 'CLI_USAGE']);
});

test('has nothing to install, and is not a Marble', async () => {
  const folder = temporaryFolder();
  assert.match((await ego(['install'], folder)).stdout, /no components/);
  assert.deepEqual(codeOf(await ego(['install', 'sgx-driver'], folder)), [2, 'EGO_UNSUPPORTED']);
  assert.deepEqual(codeOf(await ego(['marblerun', 'server'], folder)), [2, 'EGO_UNSUPPORTED']);
  assert.deepEqual(codeOf(await ego(['env'], folder)), [2, 'CLI_USAGE']);
});

test('the project of EGo is not one of ours, and `enclos build` says so', async () => {
  const folder = folderWith({ 'enclave.json': JSON.stringify(config) });
  assert.deepEqual(codeOf(await enclos(['build'], { cwd: folder })), [2, 'BUILD_MANIFEST_INVALID']);
  assert.equal(readFileSync(join(folder, 'enclave.json'), 'utf8'), JSON.stringify(config));
});
