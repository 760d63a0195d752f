import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { FolderHost, HostFolder } from '@enclos/software-sgx';
import '../../src/errors.ts';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { createApiClient } from '@enclos/service/cluster';
import { startFakeApiServer, until, withinMs, type FakeApiServer } from '@enclos/testkit';
import { createDraPart, type DraPart } from '../../src/dra/dra-part.ts';
import { loadDraDefinitions } from '../../src/dra/definitions.ts';
import type { Log } from '../../src/log.ts';
import { createAgentMetrics } from '../../src/metrics.ts';
import { temporaryFolder } from '../support.ts';
import { createFakeCluster, namespace, node, type FakeCluster } from './cluster.ts';
import { callAt, startDraKubelet, type DraKubelet, type KnownDriver } from './dra-kubelet.ts';

const count = 3;

interface Bench {
  readonly folder: string;
  readonly api: FakeApiServer;
  readonly cluster: FakeCluster;
  readonly kubelet: DraKubelet;
  readonly part: DraPart;
  readonly driver: KnownDriver;
  readonly served: string[];
  readonly closed: string[];
  readonly said: { readonly event: string; readonly code?: unknown; readonly message?: string }[];
  readonly cdi: () => readonly string[];
  /** Sets why the devices do not work. */
  readonly fails: (why: unknown) => void;
  /** Another agent in place of this one, which is killed. */
  readonly restart: () => Promise<Bench>;
}

async function bench(t: TestContext, before?: Pick<Bench, 'folder' | 'api' | 'cluster' | 'kubelet'>): Promise<Bench> {
  const folder = before?.folder ?? temporaryFolder();
  const cluster = before?.cluster ?? createFakeCluster();
  const api = before?.api ?? (await startFakeApiServer(t, selfSignedCertificate));
  api.answerBy(cluster.respond);
  for (const name of ['kubelet/plugins_registry', 'run', 'cdi']) mkdirSync(join(folder, name), { recursive: true });
  const kubelet = before?.kubelet ?? startDraKubelet({ root: join(folder, 'kubelet') });
  if (before === undefined) t.after(() => kubelet.stop());
  const { length: registeredBefore } = kubelet.registrations;
  const [served, closed, said]: [string[], string[], { event: string; code?: unknown; message?: string }[]] = [
    [],
    [],
    [],
  ];
  const log: Log = {
    info: (event) => void said.push({ event }),
    warn: (event, error) =>
      void said.push({
        event,
        code: (error as { code?: unknown }).code,
        ...(error instanceof Error ? { message: error.message } : {}),
      }),
  };
  const hosts: readonly FolderHost[] = Array.from({ length: count }, () => ({
    async listen({ path, seenAs }: HostFolder) {
      assert.equal(seenAs, '/run/enclos');
      served.push(path);
      return { close: async () => void closed.push(path), connections: () => 0 };
    },
  }));
  let problem: unknown;
  const watchers = new Set<() => void>();
  const part = await createDraPart(
    { devices: count, node, cdiFolder: join(folder, 'cdi'), kubeletRoot: join(folder, 'kubelet') },
    {
      stateFolder: join(folder, 'state'),
      runtimeFolder: join(folder, 'run'),
      client: createApiClient({
        server: api.server,
        now: () => performance.now(),
        pace: { perSecond: 50, burst: 100 },
      }),
      log,
      metrics: createAgentMetrics({
        resources: () => [],
        epc: () => undefined,
        isPlatformReady: () => true,
        collateral: () => undefined,
        problem: () => problem,
      }),
      caller: async () => ({}),
      problem: () => problem,
      watch(listener) {
        watchers.add(listener);
        return () => watchers.delete(listener);
      },
    },
  );
  await part.attach(hosts);
  t.after(() => part.close());
  // Not one of before, whose sockets are gone.
  await until('the kubelet has asked it', () => kubelet.registrations.length > registeredBefore);
  const driver = await kubelet.driver();
  const made: Bench = {
    folder,
    api,
    cluster,
    kubelet,
    part,
    driver,
    served,
    closed,
    said,
    cdi: () => readdirSync(join(folder, 'cdi')).sort(),
    fails(why) {
      problem = why;
      for (const tell of watchers) tell();
    },
    async restart() {
      await part.close();
      await until('the driver is gone', () => readdirSync(join(folder, 'kubelet/plugins_registry')).length === 0);
      return bench(t, made);
    },
  };
  return made;
}

/** What a claim got: its devices, or why it got none. */
async function prepared(driver: KnownDriver, claim: { namespace: string; uid: string; name: string }) {
  const { claims } = await driver.prepare(claim);
  const { devices = [], error = '' } = claims[claim.uid] ?? {};
  return { devices, error };
}

describe('the DRA driver', () => {
  test('registers where the kubelet looks, under its name and with the version of its API', async (t) => {
    const { driver, folder, kubelet, said } = await bench(t);
    assert.deepEqual(driver.info, {
      type: 'DRAPlugin',
      name: 'software-sgx.enclos.dev',
      endpoint: join(folder, 'kubelet/plugins/software-sgx.enclos.dev/dra.sock'),
      supported_versions: ['v1.DRAPlugin'],
    });
    assert.deepEqual(kubelet.registrations, ['software-sgx.enclos.dev']);
    assert.ok(said.some(({ event }) => event === 'registered'));
    assert.equal(statSync(driver.info.endpoint).mode & 0o777, 0o600);
  });

  test('serves again when its sockets were deleted, and leaves none when it ends', async (t) => {
    const { driver, folder, kubelet, part } = await bench(t);
    const registry = join(folder, 'kubelet/plugins_registry');
    rmSync(join(registry, 'software-sgx.enclos.dev-reg.sock'));
    await until('it registers again', () => kubelet.registrations.length === 2);
    await part.close();
    assert.deepEqual(readdirSync(registry), []);
    assert.ok(!existsSync(driver.info.endpoint));
  });

  test('says in its log why the kubelet does not want it', async (t) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'kubelet/plugins_registry'), { recursive: true });
    const refusing = startDraKubelet({ root: join(folder, 'kubelet'), refuses: 'no such version' });
    const cluster = createFakeCluster();
    const api = await startFakeApiServer(t, selfSignedCertificate);
    const wanting = bench(t, {
      folder,
      api,
      cluster,
      kubelet: { ...refusing, driver: async () => ({}) as KnownDriver },
    });
    const { said } = await wanting;
    await until('it is told', () => said.some(({ event }) => event === 'registration-failed'));
    await refusing.stop();
    const { code, message } = said.find(({ event }) => event === 'registration-failed') ?? {};
    assert.equal(code, 'AGENT_KUBELET_REFUSED');
    assert.match(message ?? '', /no such version/);
  });
});

describe('a claim', () => {
  test('gets a folder of its own, and a specification by which the container runtime mounts it', async (t) => {
    const { driver, cluster, folder, served, cdi } = await bench(t);
    const claim = cluster.claim('one', { device: 'software-sgx-1' });
    const path = join(folder, 'run/claims', claim.uid, '1');
    const { devices, error } = await prepared(driver, claim);
    assert.equal(error, '');
    assert.deepEqual(devices, [
      {
        request_names: ['device'],
        pool_name: node,
        device_name: 'software-sgx-1',
        cdi_device_ids: [`enclos.dev/software-sgx=${claim.uid}-1`],
      },
    ]);
    assert.deepEqual(served, [path]);
    assert.equal(statSync(path).mode & 0o777, 0o755);
    assert.equal(statSync(join(folder, 'run/claims')).mode & 0o777, 0o700);
    const [file = ''] = cdi();
    assert.deepEqual(cdi(), [`enclos.dev-software-sgx-${claim.uid}.json`]);
    assert.deepEqual(JSON.parse(readFileSync(join(folder, 'cdi', file), 'utf8')), {
      cdiVersion: '0.5.0',
      kind: 'enclos.dev/software-sgx',
      devices: [
        {
          name: `${claim.uid}-1`,
          containerEdits: {
            env: ['ENCLOS_PLATFORM=/run/enclos/platform.sock'],
            mounts: [
              {
                hostPath: path,
                containerPath: '/run/enclos',
                options: ['ro', 'bind', 'nosuid', 'nodev', 'noexec'],
              },
            ],
          },
        },
      ],
    });
  });

  test('is prepared as often as the kubelet asks, and served once', async (t) => {
    const { driver, cluster, served, cdi } = await bench(t);
    const claim = cluster.claim('one', { device: 'software-sgx-0' });
    const answers = await Promise.all([1, 2, 3].map(async () => prepared(driver, claim)));
    assert.deepEqual(answers[0], answers[1]);
    assert.deepEqual(answers[0], answers[2]);
    assert.equal(served.length, 1);
    assert.equal(cdi().length, 1);
  });

  test('is unprepared as often as the kubelet asks, and then its device is free', async (t) => {
    const { driver, cluster, folder, served, closed, cdi } = await bench(t);
    const claim = cluster.claim('one', { device: 'software-sgx-0' });
    await prepared(driver, claim);
    for (let i = 0; i < 2; i += 1) {
      assert.deepEqual((await driver.unprepare(claim)).claims, { [claim.uid]: { error: '' } });
    }
    assert.deepEqual(closed, served);
    assert.deepEqual(cdi(), []);
    assert.deepEqual(readdirSync(join(folder, 'run/claims')), []);
    assert.deepEqual(readdirSync(join(folder, 'state/claims')), []);
    const next = cluster.claim('two', { device: 'software-sgx-0' });
    assert.equal((await prepared(driver, next)).error, '');
  });

  test('with a request for each of its containers has a device for each', async (t) => {
    const { driver, cluster } = await bench(t);
    const results = [0, 2].map((i) => ({ device: `software-sgx-${i}`, request: `container-${i}` }));
    const { devices } = await prepared(driver, cluster.claim('two', ...results));
    assert.deepEqual(
      devices.map(({ request_names: names, device_name: device }) => [names, device]),
      [
        [['container-0'], 'software-sgx-0'],
        [['container-2'], 'software-sgx-2'],
      ],
    );
  });

  test('that has devices of other drivers as well gets those of this one', async (t) => {
    const { driver, cluster } = await bench(t);
    const other = { device: 'gpu-0', driver: 'gpu.example', request: 'gpu' };
    const { devices } = await prepared(driver, cluster.claim('mixed', other, { device: 'software-sgx-0' }));
    assert.deepEqual(
      devices.map(({ device_name: device }) => device),
      ['software-sgx-0'],
    );
  });

  test('is found by the next agent, which serves its folder again, and unprepares it', async (t) => {
    const first = await bench(t);
    const claim = first.cluster.claim('one', { device: 'software-sgx-1' });
    const before = await prepared(first.driver, claim);
    // After a reboot of the node these are gone, too.
    rmSync(join(first.folder, 'run'), { recursive: true });
    rmSync(join(first.folder, 'cdi'), { recursive: true });
    const second = await first.restart();
    assert.deepEqual(second.served, [join(first.folder, 'run/claims', claim.uid, '1')]);
    assert.equal(second.cdi().length, 1);
    assert.deepEqual(await prepared(second.driver, claim), before);
    assert.equal(second.served.length, 1);
    await second.driver.unprepare(claim);
    assert.deepEqual(second.cdi(), []);
    assert.deepEqual((await second.restart()).served, []);
  });

  test('that no agent recorded, or in a file that is damaged, is left out', async (t) => {
    const first = await bench(t);
    const claim = first.cluster.claim('one', { device: 'software-sgx-1' });
    await prepared(first.driver, claim);
    const folder = join(first.folder, 'state/claims');
    writeFileSync(join(folder, 'damaged.json'), '{"uid":');
    writeFileSync(join(folder, 'other.json'), readFileSync(join(folder, `${claim.uid}.json`)));
    writeFileSync(join(folder, 'huge.json'), `"${'x'.repeat(100_000)}"`);
    writeFileSync(join(folder, '..json'), '{}');
    // Neither of them may hold the agent.
    execFileSync('mkfifo', [join(folder, 'pipe.json')]);
    symlinkSync('/dev/zero', join(folder, 'zero.json'));
    assert.equal((await withinMs(60_000, first.restart())).served.length, 1);
  });
});

describe('a claim is refused, with a code and a sentence for the events of the pod,', () => {
  const refusals: readonly [what: string, message: RegExp, ...results: Parameters<FakeCluster['claim']>[1][]][] = [
    ['of another driver', /has no device of software-sgx\.enclos\.dev/, { device: 'gpu-0', driver: 'gpu.example' }],
    ['without a device', /has no device of/],
    ['of another node', /of another node/, { device: 'software-sgx-0', pool: 'node-2' }],
    ['with a device that the node does not have', /does not have/, { device: 'software-sgx-3' }],
    ['with a name that is a path', /does not have/, { device: 'software-sgx-../../x' }],
    ['with administrative access', /administrative access/, { device: 'software-sgx-0', adminAccess: true }],
    [
      'with two devices for one request',
      /`count` has to be 1/,
      { device: 'software-sgx-0' },
      { device: 'software-sgx-1' },
    ],
    [
      'with one device twice',
      /one device twice/,
      { device: 'software-sgx-0' },
      { device: 'software-sgx-0', request: 'other' },
    ],
  ];
  test('when it is one of these', async (t) => {
    const { driver, cluster, served, cdi, folder } = await bench(t);
    for (const [what, message, ...results] of refusals) {
      const { error, devices } = await prepared(driver, cluster.claim(`refused-${what.length}`, ...results));
      assert.match(error, /^AGENT_CLAIM_REFUSED: /, what);
      assert.match(error, message, what);
      assert.deepEqual(devices, [], what);
    }
    assert.deepEqual([served, cdi()], [[], []]);
    assert.ok(!existsSync(join(folder, 'state/claims')));
  });

  test('when its object is gone, another one, not allocated, or not one of a claim', async (t) => {
    const { driver, cluster } = await bench(t);
    const claim = cluster.claim('one', { device: 'software-sgx-0' });
    cluster.set('one', { metadata: { uid: 'another' }, status: {} });
    assert.match((await prepared(driver, claim)).error, /deleted and made again/);
    cluster.set('one', { metadata: { uid: claim.uid }, status: {} });
    assert.match((await prepared(driver, claim)).error, /no devices yet/);
    for (const object of [null, [], { metadata: { uid: claim.uid }, status: { allocation: { devices: 7 } } }]) {
      cluster.set('one', object);
      assert.match((await prepared(driver, claim)).error, /^AGENT_CLAIM_REFUSED: .*cannot be read/);
    }
    cluster.forget('one');
    assert.match((await prepared(driver, claim)).error, /^SERVICE_CLUSTER_REFUSED: .*status 404/);
  });

  test('when the kubelet names it by what is not a name, and nothing is asked or made', async (t) => {
    const { driver, api, folder } = await bench(t);
    const claimsAsked = (): number => api.seen.filter(({ path }) => path.includes('resourceclaims')).length;
    const good = { namespace, uid: 'u', name: 'n' };
    for (const wrong of [
      { uid: '../../etc' },
      { uid: '' },
      { uid: '__proto__' },
      { uid: 'x'.repeat(65) },
      { namespace: 'a/b' },
      { namespace: '..' },
      { name: 'a?b' },
      { name: '../secrets/x' },
    ]) {
      const claim = { ...good, ...wrong };
      const { claims } = await driver.prepare(claim);
      assert.match(Object.values(claims)[0]?.error ?? '', /^AGENT_CLAIM_REFUSED/, JSON.stringify(wrong));
      assert.match(Object.values((await driver.unprepare(claim)).claims)[0]?.error ?? '', /^AGENT_CLAIM_REFUSED/);
    }
    assert.equal(claimsAsked(), 0);
    assert.deepEqual(readdirSync(join(folder, 'run')), ['claims']);
  });

  test('when another one has its device, unless the object of that one is gone', async (t) => {
    const { driver, cluster, closed, cdi } = await bench(t);
    const first = cluster.claim('first', { device: 'software-sgx-0' });
    await prepared(driver, first);
    const second = cluster.claim('second', { device: 'software-sgx-0' });
    assert.match((await prepared(driver, second)).error, /still prepared for apps\/first/);
    assert.deepEqual(closed, []);
    cluster.forget('first');
    assert.equal((await prepared(driver, second)).error, '');
    assert.equal(closed.length, 1);
    assert.deepEqual(cdi(), [`enclos.dev-software-sgx-${second.uid}.json`]);
  });

  test('when it is prepared already, with other devices', async (t) => {
    const { driver, cluster } = await bench(t);
    const claim = cluster.claim('one', { device: 'software-sgx-0' });
    await prepared(driver, claim);
    const results = [{ driver: 'software-sgx.enclos.dev', pool: node, request: 'device', device: 'software-sgx-1' }];
    cluster.set('one', { metadata: { uid: claim.uid }, status: { allocation: { devices: { results } } } });
    assert.match((await prepared(driver, claim)).error, /prepared already, with other devices/);
  });

  test('and the others of the same request are not', async (t) => {
    const { driver, cluster } = await bench(t);
    const good = cluster.claim('good', { device: 'software-sgx-0' });
    const { claims } = await driver.prepare({ namespace, uid: 'u', name: 'none' }, good);
    assert.match(claims['u']?.error ?? '', /^SERVICE_CLUSTER_REFUSED/);
    assert.equal(claims[good.uid]?.devices?.length, 1);
  });

  test('with all others when a request names too many', async (t) => {
    const { driver, cluster } = await bench(t);
    const claim = cluster.claim('one', { device: 'software-sgx-0' });
    const many = Array.from({ length: 65 }, () => claim);
    await assert.rejects(driver.prepare(...many), { code: status.INVALID_ARGUMENT, details: /AGENT_CLAIM_REFUSED/ });
  });

  test('and bytes that are not a message leave the driver as it is', async (t) => {
    const { driver, cluster } = await bench(t);
    const { plugin } = loadDraDefinitions();
    const method = plugin['NodePrepareResources'];
    assert.ok(method !== undefined);
    const garbage = { ...plugin, garbage: { ...method, requestSerialize: () => Buffer.from('ffffffffff', 'hex') } };
    await assert.rejects(callAt(driver.info.endpoint, garbage, 'garbage', {}));
    assert.equal((await prepared(driver, cluster.claim('one', { device: 'software-sgx-0' }))).error, '');
  });
});

describe('the devices of a node', () => {
  const name = `${node}-software-sgx.enclos.dev`;
  const devicesOf = ({ cluster }: Pick<Bench, 'cluster'>): number | undefined => {
    const spec = cluster.slices.get(name)?.spec;
    return spec === undefined ? undefined : ((spec['devices'] as unknown[] | undefined)?.length ?? 0);
  };

  test('are published in one slice that belongs to the node', async (t) => {
    const made = await bench(t);
    await until('they are published', () => devicesOf(made) === count);
    const { metadata, spec } = made.cluster.slices.get(name) ?? {};
    assert.deepEqual(metadata?.['ownerReferences'], [
      { apiVersion: 'v1', kind: 'Node', name: node, uid: 'uid-of-node', controller: true },
    ]);
    assert.deepEqual(spec?.['pool'], { name: node, generation: 1, resourceSliceCount: 1 });
    const devices = spec?.['devices'] as readonly unknown[] | undefined;
    assert.deepEqual(devices?.[2], {
      name: 'software-sgx-2',
      attributes: { type: { string: 'software' } },
    });
  });

  test('are withdrawn while none works, and published again, each time in a new generation', async (t) => {
    const made = await bench(t);
    await until('they are published', () => devicesOf(made) === count);
    made.fails(new Error('no namespaces'));
    await until('they are withdrawn', () => devicesOf(made) === 0);
    made.fails(undefined);
    await until('they are published again', () => devicesOf(made) === count);
    const pool = made.cluster.slices.get(name)?.spec['pool'] as { readonly generation: number };
    assert.equal(pool.generation, 3);
  });

  test('are published again when the kubelet has removed the slice and registers the driver again', async (t) => {
    const made = await bench(t);
    await until('they are published', () => devicesOf(made) === count);
    made.cluster.slices.delete(name);
    rmSync(join(made.folder, 'kubelet/plugins_registry/software-sgx.enclos.dev-reg.sock'));
    await until('they are published again', () => devicesOf(made) === count);
  });

  test('are not written over those of another driver, and a server that refuses is told of once', async (t) => {
    const made = await bench(t);
    await until('they are published', () => devicesOf(made) === count);
    const theirs = { driver: 'other.example', nodeName: node, pool: { name: node, generation: 1 } };
    made.cluster.slices.set(name, { metadata: { resourceVersion: '9' }, spec: theirs });
    made.fails(new Error('one'));
    await until('it is told', () => made.said.some(({ event }) => event === 'slice-failed'));
    assert.equal(made.cluster.slices.get(name)?.spec['driver'], 'other.example');
    made.fails(undefined);
    made.fails(new Error('two'));
    assert.equal(made.said.filter(({ event }) => event === 'slice-failed').length, 1);
  });
});
