import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, openSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { forbiddenBuiltins, signEnclave } from '@enclos/build';
import { loadEnclave, type Enclave } from '@enclos/host';
import { enclaveCommand, planAllWays, planIsolation, type IsolationPlan } from '@enclos/isolation';
import { allowedBuiltins } from '@enclos/manifest';
import {
  createMachine,
  createVendor,
  enrol,
  initializePlatform,
  openPlatform,
  servePlatform,
  stateFolders,
  type PlatformServer,
  type PlatformServices,
} from '@enclos/software-sgx';
import { connectSoftwarePlatform, type Launcher, type SoftwareLauncher } from '@enclos/tee';
import { hostile } from '@enclos/process-kit/enclaves/hostile';
import { hostileImage } from '@enclos/process-kit/hostile/hostile-image';
import { createWorkshop, signingKey, type SignedImage } from '@enclos/process-kit';
import { enclaveUsers, hostUsers, separationSkipped } from '@enclos/process-kit/separated/separated';

const workshop = createWorkshop();
after(() => workshop.close());

type Hostile = Enclave<(typeof hostile)['trusted']>;

let signed: SignedImage;
before(async () => {
  const built = await workshop.build('hostile', { bootModule: './hostile-boot.ts' });
  const image = hostileImage(built.image);
  signed = { image, signature: signEnclave({ image, key: signingKey('second'), date: new Date('2026-06-01') }) };
});

const load = (launcher: Launcher, isolation: 'strict' | 'best'): Promise<Hostile> =>
  loadEnclave({ ...signed, launcher, isolation, interface: hostile, untrusted: {} });

/** Layers that are there on every machine, and what a hostile enclave can do under these alone. */
describe('a hostile enclave on a machine without util-linux', () => {
  let server: PlatformServer;
  let platform: SoftwareLauncher;
  let enclave: Hostile;

  before(async () => {
    const stateFolder = workshop.stateFolder('bare');
    await initializePlatform(stateFolder, new Date());
    const services = await openPlatform(stateFolders(stateFolder));
    // No command of this machine works.
    const isolation = planIsolation({ interpreterPath: '/', filterPath: '/', starterPath: '/', run: () => undefined });
    server = await servePlatform({ ...services, isolation });
    platform = await connectSoftwarePlatform(server.socketPath);
    enclave = await load(platform, 'best');
  });
  after(async () => {
    await enclave.dispose();
    await platform.close();
    await server.close();
  });

  test('has no layer but those of the platform itself', () => {
    assert.deepEqual(
      enclave.isolation.filter(({ active }) => active).map(({ name }) => name),
      ['interpreter', 'authority', 'environment'],
    );
  });

  test('strict isolation does not load there', async () => {
    await assert.rejects(load(platform, 'strict'), { code: 'ISOLATION_UNAVAILABLE' });
  });

  test('no attempt to reach the machine succeeds', async () => assertRefused(enclave));

  test('every forbidden module of Node is refused by the loader', async () => {
    for (const name of Object.keys(forbiddenBuiltins).flatMap((found) => [found, `node:${found}`])) {
      const { detail } = await enclave.call.requireModule({ name });
      assert.equal(detail, `Error: An enclave has no module ${name}.`);
    }
  });

  test('the loader hands out the modules that the build allows, and no others', async () => {
    const handedOut: string[] = [];
    for (const name of new Set([...builtinModules, ...allowedBuiltins])) {
      if ((await enclave.call.requireModule({ name })).succeeded) handedOut.push(name);
    }
    assert.deepEqual(handedOut.sort(), [...allowedBuiltins].sort());
  });

  test('what honest libraries need is there', async () => assertNeeds(enclave));
});

const settings = (['bubblewrap', 'util-linux'] as const).flatMap((way) => [
  { way, separated: false, skip: false, name: way },
  { way, separated: true, skip: separationSkipped(), name: `${way}, as a user of its own` },
]);

for (const { way, separated, skip, name: setting } of settings) {
  describe(`a hostile enclave under strict isolation by ${setting}`, { skip }, () => {
    let services: PlatformServices;
    let close: () => Promise<void> = () => Promise.resolve();
    let enclave: Hostile | undefined;
    let lacks = '';

    before(async () => {
      services = separated ? await openSeparated(way) : await openSingle(way);
      const isolation = planOf(services, way);
      lacks = isolation.layers.flatMap(({ active, name, detail }) => (active ? [] : [`${name}: ${detail}`])).join(' ');
      if (lacks !== '') {
        await services.runtimeFolder.remove();
        return;
      }
      const server = await servePlatform({ ...services, isolation });
      const platform = await connectSoftwarePlatform(server.socketPath);
      close = async () => {
        await enclave?.dispose();
        await platform.close();
        await server.close();
      };
      enclave = await load(platform, 'strict');
    });
    after(() => close());

    const onThisMachine = (name: string, check: (enclave: Hostile) => Promise<void>): void =>
      void test(name, async (t) => {
        if (enclave === undefined) t.skip(`this machine lacks ${lacks}`);
        else await check(enclave);
      });
    onThisMachine('every layer is there', async ({ isolation }) => assert.ok(isolation.every(({ active }) => active)));
    onThisMachine('no attempt to reach the machine succeeds', assertRefused);
    onThisMachine('what honest libraries need is there', assertNeeds);
    onThisMachine('the interpreter alone, in the hands of an attacker, gets nothing from the kernel', () =>
      assertKernelRefuses(services, planOf(services, way)),
    );
  });
}

async function openSingle(machine: string): Promise<PlatformServices> {
  const stateFolder = workshop.stateFolder(machine);
  await initializePlatform(stateFolder, new Date());
  return openPlatform(stateFolders(stateFolder));
}

async function openSeparated(machine: string): Promise<PlatformServices> {
  const [folder, runtimeFolder, cacheFolder] = ['', '-run', '-cache'].map((part) =>
    workshop.subfolder(`separated-${machine}${part}`),
  ) as [string, string, string];
  // Users of enclaves pass through to the interpreter and to nothing else.
  for (const path of [workshop.folder, runtimeFolder, cacheFolder]) chmodSync(path, 0o711);
  const { vendorFolder, machineFolder } = stateFolders(folder);
  const now = new Date();
  const fresh = await createMachine(machineFolder, { separation: 'separated' });
  await enrol(await createVendor(vendorFolder, { now }), fresh, now, { allowSeparated: true });
  const separation = { hostUsers: [hostUsers[0]], enclaveUsers, runtimeFolder, cacheFolder };
  return openPlatform({ vendorFolder, machineFolder, separation });
}

function planOf(
  { interpreter, runtimeFolder, isolation, separated }: PlatformServices,
  way: IsolationPlan['way'],
): IsolationPlan {
  const options = {
    interpreterPath: interpreter.path,
    filterPath: join(runtimeFolder.path, 'enclave.bpf'),
    starterPath: isolation.starterPath,
    ...(separated === undefined ? {} : { enclaveUser: separated.enclaveUsers.first }),
  };
  const plan = planAllWays(options).find((candidate) => candidate.way === way);
  assert.ok(plan);
  return plan;
}

/** How an attempt may fail. Another failure would be one of the attempt itself, which then shows nothing. */
const refusals: readonly RegExp[] = [
  /^nothing is there$/,
  /It is not there\.$/,
  /An enclave has no module /,
  /^EvalError: Code generation from strings disallowed/,
  /^TypeError: A dynamic import callback was not specified/,
  /^DataCloneError: An enclave clones plain values only\.$/,
  /^Error: It cannot be transferred\.$/,
  /^TypeError: The "callback" argument must be of type function/,
  /^TypeError: Cannot define property \w+, object is not extensible$/,
  /^TypeError: Cannot redefine property: \w+$/,
  /^RangeError: WebAssembly\.Memory\(\): could not allocate memory$/,
  /^Error: Accessing Object\.prototype\.__proto__ has been disallowed/,
  /^Error: An enclave opens no sockets: give TLS a stream\.$/,
  /^TypeError: function \(\) \{ \[native code\] \} is not a constructor$/,
  /^TypeError: Illegal invocation$/,
  /^TypeError: This is not a new TLS socket\.$/,
  /^Error: Custom engines not supported by this OpenSSL$/,
];

async function assertRefused(enclave: Hostile): Promise<void> {
  const names = await enclave.call.attempts();
  assert.ok(names.length > 150);
  const outcomes = [];
  for (const name of names) {
    const outcome = await enclave.call.attempt({ name });
    outcomes.push({ name, ...outcome });
  }
  assert.deepEqual(
    outcomes.filter(({ succeeded, detail }) => succeeded || !refusals.some((refusal) => refusal.test(detail))),
    [],
  );
}

async function assertNeeds(enclave: Hostile): Promise<void> {
  const failed: string[] = [];
  for (const name of await enclave.call.needs()) {
    const { succeeded, detail } = await enclave.call.need({ name });
    if (!succeeded) failed.push(`${name}: ${detail}`);
  }
  assert.deepEqual(failed, []);
}

/** What an attacker meets who got around the loader: the interpreter as the platform starts it, with no rule of its own. */
async function assertKernelRefuses(services: PlatformServices, plan: IsolationPlan): Promise<void> {
  const user = services.separated?.enclaveUsers.last;
  const victim = join(workshop.subfolder(`victim-${plan.way}-${services.separation}`), 'file');
  writeFileSync(victim, 'content', { mode: 0o600 });
  const needs = { heapSizeBytes: 64n * 1024n * 1024n, threads: 4, user };
  const line = enclaveCommand(plan, needs, services.interpreter.path);
  const [command = '', ...words] = line;
  const filter = plan.inherited === undefined ? [] : [openSync(plan.inherited.path, 'r')];
  const { stdout } = spawnSync(command, [...words, '--openssl-config=/dev/null', '-e', systemCalls(victim)], {
    encoding: 'utf8',
    env: {},
    stdio: ['ignore', 'pipe', 'ignore', 'ignore', 'ignore', 'ignore', 'ignore', ...filter],
  });
  for (const descriptor of filter) closeSync(descriptor);
  const hidden = plan.way === 'bubblewrap' ? 'ENOENT' : 'EACCES';
  assert.deepEqual(JSON.parse(stdout), {
    // The file view.
    'read a file': hidden,
    'write a file': hidden,
    'read the environment of the kernel': hidden,
    'see a file': plan.way === 'bubblewrap' ? 'ENOENT' : 'its size',
    'load an addon': 'ERR_DLOPEN_FAILED',
    // The system call filter.
    'change the mode of a file': 'EPERM',
    'change the owner of a file': 'EPERM',
    'change the times of a file': 'EPERM',
    'remove a file': 'EPERM',
    'make a link': 'EPERM',
    'watch a folder': 'EPERM',
    'signal a process': 'EPERM',
    'start a process': 'EPERM',
    'connect to a socket': 'EPERM',
    'connect to an address': 'EPERM',
    'listen on a socket': 'EPERM',
    'send a datagram': 'EPERM',
  });
  assert.equal(statSync(victim).mode & 0o777, 0o600);
}

describe('a crash of an enclave', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
  test('leaves no memory dump, where a crash of an ordinary process does', async (t) => {
    const folder = workshop.subfolder('dumps');
    const services = await openPlatform(stateFolders(workshop.stateFolder('bare')));
    await services.runtimeFolder.remove();
    const crash = (wrapper: readonly string[]): readonly string[] => {
      const words = [
        '--core=unlimited:unlimited',
        '--',
        ...wrapper,
        services.interpreter.path,
        '-e',
        'process.abort()',
      ];
      spawnSync('prlimit', words, { cwd: folder, stdio: 'ignore' });
      return readdirSync(folder);
    };
    // The layer alone: the file view would keep a dump from being written too, but not from being piped to a collector.
    assert.deepEqual(crash([services.isolation.starterPath, 'r4', 'e1', '-']), []);
    if (crash([]).length === 0) t.diagnostic('this machine writes no dump into the working folder');
  });
});

function systemCalls(victim: string): string {
  return `const fs = require('fs'), net = require('net'), got = {}, file = ${JSON.stringify(victim)};
    const attempt = (name, run) => { try { got[name] = String(run()) } catch (error) { got[name] = error.code } };
    const wait = (name, emitter) => new Promise((done) => emitter.once('error', (error) => done(got[name] = error.code)));
    attempt('read a file', () => fs.readFileSync('/etc/passwd'));
    attempt('write a file', () => fs.writeFileSync(file, ''));
    attempt('remove a file', () => fs.unlinkSync(file));
    attempt('make a link', () => fs.symlinkSync('/', file + '2'));
    attempt('read the environment of the kernel', () => fs.readFileSync('/proc/self/environ'));
    attempt('see a file', () => fs.statSync(file).size === 7 ? 'its size' : 'another size');
    attempt('load an addon', () => process.dlopen({ exports: {} }, file));
    attempt('change the mode of a file', () => fs.chmodSync(file, 0o777));
    attempt('change the owner of a file', () => fs.chownSync(file, 1, 1));
    attempt('change the times of a file', () => fs.utimesSync(file, 1, 1));
    attempt('watch a folder', () => fs.watch('/tmp').close());
    attempt('signal a process', () => process.kill(1, 0));
    attempt('start a process', () => { throw require('child_process').spawnSync(process.execPath, ['-e', '0']).error });
    Promise.all([
      wait('connect to a socket', net.connect('/run/any.sock')),
      wait('connect to an address', net.connect(1, '127.0.0.1')),
      wait('listen on a socket', net.createServer().listen('/tmp/any.sock')),
      wait('send a datagram', require('dgram').createSocket('udp4').bind(0)),
    ]).then(() => console.log(JSON.stringify(got)));`;
}
