import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readImage } from '@enclos/manifest';
import { parseSigstruct } from '@enclos/sgx';
import { enclos, errorOf, newProject, signingKey } from '../../cli.ts';

const folder = await newProject('greeter');
const project = JSON.parse(readFileSync(join(folder, 'enclave.json'), 'utf8')) as object;
writeFileSync(
  join(folder, 'enclave.json'),
  JSON.stringify({
    ...project,
    attributes: { kss: true, familyId: 'ab'.repeat(16) },
    listen: [
      { name: 'clients', port: 8443, transport: 'passed' },
      { name: 'others', port: 8444, transport: 'either' },
    ],
    connect: [{ name: 'store', host: 'store.example', port: 443, transport: 'passed' }],
  }),
);
writeFileSync(join(folder, 'test.pem'), signingKey(), { mode: 0o600 });
const run = (...argv: readonly string[]) => enclos(argv, { cwd: folder });
const image = join(folder, '.enclos/greeter.sgxs');
const relayedImage = join(folder, '.enclos/relayed/greeter.sgxs');

test('build --relayed makes an image that differs in the transports alone, beside the other one', async () => {
  const [plain, relayed] = [await run('build', '--json'), await run('build', '--relayed', '--json')];
  assert.deepEqual([plain.json()['image'], relayed.json()['image']], [image, relayedImage]);
  assert.notEqual(plain.json()['mrEnclave'], relayed.json()['mrEnclave']);
  const [one, other] = [image, relayedImage].map((path) => readImage(new Uint8Array(readFileSync(path))));
  assert.ok(one !== undefined && other !== undefined);
  const { listen, connect, ...rest } = one.manifest;
  const inRelayed = <E extends object>(entries: readonly E[]) => entries.map((e) => ({ ...e, transport: 'relayed' }));
  assert.deepEqual({ ...other.manifest }, { ...rest, listen: inRelayed(listen), connect: inRelayed(connect) });
  assert.deepEqual([other.bundle, other.files], [one.bundle, one.files]);
});

test('sign --relayed signs that image, with the attributes of enclave.json', async () => {
  assert.equal((await run('sign', '--relayed', '--key', 'test.pem')).code, 0);
  const { isvFamilyId, enclaveHash } = parseSigstruct(
    new Uint8Array(readFileSync(join(folder, '.enclos/relayed/greeter.sig'))),
  );
  assert.equal(Buffer.from(isvFamilyId).toString('hex'), 'ab'.repeat(16));
  const measured = await run('measure', relayedImage);
  assert.equal(Buffer.from(enclaveHash).toString('hex'), measured.stdout.trim());
  const prepared = await run('sign', '--relayed', '--prepare', '--json');
  assert.equal(prepared.json()['prepared'], join(folder, '.enclos/relayed/greeter.tosign'));
});

test('image build --relayed takes the signature of that image', async () => {
  await run('build');
  const ran = await run('image', 'build', '--json');
  assert.deepEqual(errorOf(ran).details['path'], join(folder, '.enclos/greeter.sig'));
  const relayed = await run('image', 'build', '--relayed', '--host', 'src/absent.ts', '--json');
  assert.equal(errorOf(relayed).code, 'CLI_HOST_MISSING', 'its image and its signature were found');
});

test('--relayed with an image is a usage error', async () => {
  const ran = await run('sign', '.enclos/relayed/greeter.sgxs', '--relayed', '--key', 'test.pem', '--json');
  assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_USAGE']);
});

test('inspect names the transport of each listener and destination', async () => {
  const { stdout } = await run('inspect', '.enclos/greeter.sgxs');
  assert.match(stdout, /─ listen\n.*─ clients {2}8443 {2}passed\n.*─ others {3}8444 {2}either\n/);
  assert.match(stdout, /─ connect\n.*─ store {2}store\.example:443 {2}passed\n/);
  const relayed = await run('inspect', '.enclos/relayed/greeter.sgxs');
  assert.match(relayed.stdout, /─ clients {2}8443 {2}relayed\n/);
});
