import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommandLine } from '../../src/host/command-line.ts';
import { ReplicaPlaces } from '../../src/host/replica-places.ts';
import { parseServiceConfiguration } from '../../src/configuration.ts';

const headless = { host: 'replicas.test', port: 8444 };

function placesOf(resolve: (host: string) => Promise<readonly string[]>, names = [headless]) {
  const scene = { nowMs: 0, unresolved: [] as string[] };
  const places = new ReplicaPlaces({
    names,
    count: 4,
    nowMs: () => scene.nowMs,
    resolve,
    onUnresolved: (host) => scene.unresolved.push(host),
  });
  const hosts = (): readonly (string | undefined)[] => [0, 1, 2, 3].map((place) => places.addressAt(place)?.host);
  return Object.assign(scene, { places, hosts });
}

test('each address of a name keeps its place for as long as it is there', async () => {
  let addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
  const scene = placesOf(async () => addresses);
  assert.equal(await scene.places.occupied(), 0b111);
  assert.equal(scene.places.addressAt(1)?.port, 8444);
  addresses = ['10.0.0.9', '10.0.0.3', '10.0.0.1'];
  assert.deepEqual(
    [await scene.places.occupied(), scene.hosts()[1]],
    [0b111, '10.0.0.2'],
    'it is not asked again at once',
  );
  scene.nowMs += 1000;
  assert.equal(await scene.places.occupied(), 0b111);
  assert.deepEqual(scene.hosts(), ['10.0.0.1', '10.0.0.9', '10.0.0.3', undefined]);
  addresses = ['10.0.0.9'];
  scene.nowMs += 1000;
  assert.equal(await scene.places.occupied(), 0b10);
});

test('more addresses than places, and the same one twice, take no place', async () => {
  const scene = placesOf(async () => ['a', 'a', 'b', 'c', 'd', 'e'], [headless, headless]);
  assert.equal(await scene.places.occupied(), 0b1111);
  assert.deepEqual(scene.hosts(), ['a', 'b', 'c', 'd']);
});

test('a name server that is away for a moment parts no replicas', async () => {
  let isAway = true;
  const scene = placesOf(async () => (isAway ? Promise.reject(new Error('away')) : ['10.0.0.1']));
  assert.equal(await scene.places.occupied(), 0);
  assert.deepEqual(scene.unresolved, ['replicas.test']);
  for (isAway of [false, true]) {
    scene.nowMs += 1000;
    // eslint-disable-next-line no-await-in-loop
    assert.equal(await scene.places.occupied(), 1);
  }
});

test('a name server that hangs keeps no one from what is known, and few threads of the host', async () => {
  const names = ['a', 'slow', 'b', 'c', 'd'].map((host) => ({ host, port: 1 }));
  const asked: string[] = [];
  let ends: (() => void)[] = [];
  const scene = placesOf(async (host) => {
    asked.push(host);
    if (host === 'slow') await new Promise<void>((resolve) => ends.push(resolve));
    return [host];
  }, names);
  const isKnown = (): readonly (string | undefined)[] => scene.hosts().filter((host) => host !== undefined);
  assert.equal(await scene.places.occupied(), 0b1111);
  assert.deepEqual(isKnown(), ['a', 'b', 'c', 'd']);
  scene.nowMs += 1000;
  assert.equal(await scene.places.occupied(), 0b1111);
  assert.equal(asked.length, names.length, 'it is asked again when it has answered');
  for (const end of ends.splice(0)) end();
  const hanging = names.map(() => ({ host: 'slow', port: 1 }));
  ends = [];
  assert.equal(
    await placesOf(
      async () => new Promise<never>((_, fail) => ends.push(() => fail(new Error('late')))),
      hanging,
    ).places.occupied(),
    0,
  );
  assert.equal(ends.length, 2);
});

test('--replicas names them, as often as there are names', () => {
  const options = parseCommandLine([
    '--replicas',
    'a.test:1',
    '--replicas',
    '[::1]:2',
    '--listen-replicas',
    '0.0.0.0:3',
  ]);
  assert.deepEqual(options?.replicas, [
    { host: 'a.test', port: 1 },
    { host: '::1', port: 2 },
  ]);
  assert.deepEqual(options?.listenReplicas, { host: '0.0.0.0', port: 3 });
  assert.deepEqual(parseCommandLine([])?.replicas, []);
  assert.throws(() => parseCommandLine(['--replicas', 'a.test']), { code: 'INFERENCE_USAGE' });
});

test('the measured configuration says which enclaves are replicas, and there are none without it', () => {
  const read = (replicas: unknown) => parseServiceConfiguration(JSON.stringify({ replicas })).replicas;
  assert.equal(parseServiceConfiguration('{}').replicas, undefined);
  assert.deepEqual(read({ by: 'enclave' }), {
    rule: { by: 'enclave' },
    allowSoftware: false,
    shareModelKeys: false,
  });
  assert.deepEqual(read({ by: 'signer', minimumSecurityVersion: 2, allowSoftware: true }), {
    rule: { by: 'signer', minimumSecurityVersion: 2 },
    allowSoftware: true,
    shareModelKeys: false,
  });
  assert.equal(read({ by: 'enclave', shareModelKeys: true })?.shareModelKeys, true);
  for (const wrong of [
    {},
    { by: 'all' },
    { by: 'enclave', minimumSecurityVersion: 1 },
    { by: 'enclave', more: 1 },
    [],
  ]) {
    assert.throws(() => read(wrong), { code: 'INFERENCE_CONFIGURATION_INVALID' }, JSON.stringify(wrong));
  }
});
