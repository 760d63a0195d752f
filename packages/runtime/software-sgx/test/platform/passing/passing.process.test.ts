import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, describe, test } from 'node:test';
import type { EnclaveManifest } from '@enclos/manifest';
import { passingAdvice } from '@enclos/tee';
import { encodePassedFrame } from '@enclos/tee/passage';
import { handleOf, type RawPassage } from '@enclos/testkit';
import { createPassingCheck } from '../../../src/platform/passing/check.ts';
import { tryPassing } from '../../../src/platform/passing/trial.ts';
import { connectionPair, createPassingLab, passConnection, type LaunchOptions, type PassingEnclave } from './lab.ts';

const lab = await createPassingLab();
after(() => lab.close());
/** Without the filter no socket is passed. */
const missing = lab.missing.find((layer) => layer.startsWith('seccomp'));
const skip = missing !== undefined && `this machine lacks ${missing}`;

const frame = encodePassedFrame({ kind: 'accepted', listener: 0, stream: 1 });
const streams = (transport: EnclaveManifest['listen'][number]['transport']): EnclaveManifest['listen'] => [
  { name: 'echo', port: 8443, transport },
];
const code = 'STREAM_TRANSPORT_UNAVAILABLE';

/** An enclave that is ready, and ended after the test. */
async function ready(options?: LaunchOptions): Promise<PassingEnclave & { readonly passage: RawPassage }> {
  const { passage, ...enclave } = await lab.launch(options);
  assert.deepEqual(await enclave.told(), ['ready', true]);
  assert.ok(passage);
  return { ...enclave, passage };
}

describe('an enclave to which sockets are passed', { skip }, () => {
  test('gets a connection with its frame, and speaks with its peer', async () => {
    const { launched, passage, told } = await ready();
    const client = await passConnection(passage);
    assert.deepEqual(await told(), ['arrived', [...frame], `127.0.0.1 ${client.localPort}`, false]);
    client.write('hello');
    const [echo] = (await once(client, 'data')) as [Buffer];
    assert.equal(echo.toString(), 'hello');
    client.end();
    assert.deepEqual(await told(), ['closed']);
    await launched.terminate();
  });

  test('gets many at once, and tells its host what it wants', async () => {
    const body = `arrived = (frame, socket) => {
      const notice = new Uint8Array(24).fill(frame[4]);
      cap.passage.send(notice);
      notice.fill(0);
      socket.on('error', () => undefined).end('' + frame[4]).resume();
    };`;
    const { launched, passage } = await ready({ body });
    const numbers = Array.from({ length: 100 }, (_, i) => i + 1);
    const answers = numbers.map(async (stream) => {
      const client = await passConnection(passage, { stream });
      const [answer] = (await once(client, 'data')) as [Buffer];
      client.destroy();
      return Number(answer.toString());
    });
    assert.deepEqual(await Promise.all(answers), numbers);
    const told = new Set<number>();
    for (const _ of numbers) {
      const notice = await passage.notice();
      assert.ok(notice.every((byte) => byte === notice[0]));
      told.add(notice[0] ?? 0);
    }
    assert.deepEqual(
      [...told].sort((a, b) => a - b),
      numbers,
    );
    await launched.terminate();
  });

  test('says that its filter lets them in', async () => {
    const { launched } = await ready();
    const filter = launched.isolation.find(({ name }) => name === 'seccomp');
    assert.match(filter?.detail ?? '', /No sockets but those that the host passes/);
    await launched.terminate();
  });

  test('may have an inspector besides', async () => {
    const { launched, passage, told } = await lab.launch({ debug: true, request: { inspector: true } });
    launched.inspector?.write('!\n');
    assert.deepEqual(await told(), ['ready', true]);
    const client = await passConnection(passage);
    await told();
    client.end('x');
    const [echo] = (await once(client, 'data')) as [Buffer];
    assert.equal(echo.toString(), 'x');
    await launched.terminate();
    launched.inspector?.destroy();
  });
});

describe('an enclave whose streams need not be passed', { skip }, () => {
  test('has them passed where the host can, and has no passage where it cannot', async () => {
    const passed = await ready({ listen: streams('either') });
    await passed.launched.terminate();
    const { launched, passage, told } = await lab.launch({ listen: streams('either'), passes: false });
    assert.deepEqual([await told(), passage], [['ready', false], undefined]);
    const filter = launched.isolation.find(({ name }) => name === 'seccomp');
    assert.match(filter?.detail ?? '', /No new sockets/);
    await launched.terminate();
  });

  test('has no passage for relayed streams, whatever the host can', async () => {
    const { launched, passage, told } = await lab.launch({ listen: streams('relayed') });
    assert.deepEqual([await told(), passage], [['ready', false], undefined]);
    await launched.terminate();
  });

  test('has one socket less than one that gets them', async () => {
    const socketsOf = async (transport: 'relayed' | 'passed'): Promise<number> => {
      const { launched, told } = await lab.launch({ listen: streams(transport) });
      await told();
      const folder = `/proc/${lastDescendant(process.pid)}/fd`;
      const open = readdirSync(folder).map((descriptor) => readlinkSync(`${folder}/${descriptor}`));
      await launched.terminate();
      return open.filter((target) => target.startsWith('socket:')).length;
    };
    // The gate and the platform channel.
    assert.deepEqual([await socketsOf('relayed'), await socketsOf('passed')], [2, 3]);
  });
});

/** The enclave, below its wrappers: the only child that runs. */
function lastDescendant(id: number): number {
  const [child] = readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return child === undefined ? id : lastDescendant(child);
}

describe('a launch whose streams must be passed', { skip }, () => {
  for (const isolation of ['best', 'strict'] as const) {
    test(`is refused for a host that passes none (${isolation})`, async (t) => {
      // Strict isolation is refused for another reason where a layer is missing.
      if (isolation === 'strict' && lab.missing.length > 0) return t.skip(lab.missing.join(' '));
      await assert.rejects(lab.launch({ passes: false, request: { isolation } }), {
        code,
        next: passingAdvice.host,
      });
    });
  }

  test('is refused where the filter is missing, and one that need not be is relayed', async (t) => {
    const bare = await createPassingLab({
      change: (services) => ({
        ...services,
        isolation: {
          ...services.isolation,
          // Of those that count for strict isolation none is missing.
          layers: services.isolation.layers.filter(({ name, active }) => active && name !== 'seccomp'),
        },
      }),
    });
    t.after(() => bare.close());
    for (const isolation of ['best', 'strict'] as const) {
      await assert.rejects(bare.launch({ request: { isolation } }), { code });
    }
    const { launched, told } = await bare.launch({ listen: streams('either') });
    assert.deepEqual(await told(), ['ready', false]);
    await launched.terminate();
  });

  test('is refused where a socket does not arrive, and one that need not be is relayed', async (t) => {
    const refusing = await createPassingLab({
      change(services) {
        // Closes the descriptor of the channel by which the socket would come.
        const isolation = { ...services.isolation, prefix: [services.isolation.starterPath, 'c8', '-'], lastAt: 3 };
        const { path: interpreterPath } = services.interpreter;
        const trial = () => tryPassing({ ...isolation, limits: [] }, { interpreterPath, timeoutMs: 3000 });
        return { ...services, passingObstacle: createPassingCheck(trial) };
      },
    });
    t.after(() => refusing.close());
    await assert.rejects(refusing.launch(), {
      code,
      message: /must be passed, and this machine lets no socket into an enclave\. A process .* got no socket: .*\.$/,
      next: passingAdvice.trial,
    });
    const { launched, passage, told } = await refusing.launch({ listen: streams('either') });
    assert.deepEqual([await told(), passage], [['ready', false], undefined]);
    await launched.terminate();
  });

  test('whose host never connects to the passage has no enclave', async () => {
    const openPassage = (): Promise<void> => Promise.resolve();
    const { launched } = await lab.launch({ request: { openPassage } });
    assert.match((await launched.exited).detail, /before it started/);
    launched.gate.destroy();
  });
});

/** By what a host passes: what becomes of it. */
describe('a hostile host', { skip }, () => {
  const arrivesClosed = ['arrived', [...frame], '', true];

  test('that passes a listening socket, an unconnected one or one of Unix passes nothing', async () => {
    const { launched, passage, told } = await ready();
    const listening = createServer();
    await once(listening.listen(0, '127.0.0.1'), 'listening');
    const unix = createServer();
    await once(unix.listen(`\0enclos-passing-${process.pid}`), 'listening');
    for (const server of [listening, unix]) {
      assert.equal(await passage.send(frame, handleOf(server)), 0);
      assert.deepEqual(await told(), arrivesClosed);
      assert.deepEqual(await told(), ['closed']);
      server.close();
    }
    const TCP = (Reflect.get(process, 'binding') as (name: string) => { TCP: new (type: number) => object })(
      'tcp_wrap',
    ).TCP;
    const unconnected = new TCP(0) as { bind(address: string, port: number): number; close(): void };
    unconnected.bind('127.0.0.1', 0);
    assert.equal(await passage.send(frame, unconnected), 0);
    assert.deepEqual(await told(), arrivesClosed);
    unconnected.close();
    await launched.terminate();
  });

  test('whose client was gone passes a socket that is closed, and counts', async () => {
    const { launched, passage, told } = await ready();
    const { client, server } = await connectionPair();
    client.resetAndDestroy();
    // The kernel has told this end when it has no peer any more.
    while (server.readyState !== 'closed' && hasPeer(server)) await new Promise(setImmediate);
    assert.equal(await passage.send(frame, handleOf(server)), 0);
    assert.deepEqual(await told(), arrivesClosed);
    server.destroy();
    await launched.terminate();
  });

  const broken: readonly (readonly [what: string, bytes: Uint8Array, withSocket: boolean])[] = [
    ['a frame without a socket', frame, false],
    ['a short frame', frame.slice(1), true],
    ['a long frame', Uint8Array.of(...frame, 0), true],
    ['two frames at once', Uint8Array.of(...frame, ...frame), true],
  ];
  for (const [what, bytes, withSocket] of broken) {
    test(`that sends ${what} ends its enclave`, async () => {
      const { launched, passage } = await ready();
      const { client, server } = await connectionPair();
      await passage.send(bytes, withSocket ? handleOf(server) : undefined);
      const { detail, exitCode } = await launched.exited;
      assert.deepEqual([exitCode, detail], [5, 'The enclave ended because its host broke the rules of the passage.']);
      client.destroy();
      server.destroy();
      launched.gate.destroy();
    });
  }

  test('that breaks a rule of the runtime ends its enclave', async () => {
    const { launched, passage } = await ready({ body: `arrived = () => { throw new Error('beyond credit') };` });
    const client = await passConnection(passage);
    assert.equal((await launched.exited).exitCode, 5);
    client.destroy();
    launched.gate.destroy();
  });

  test('that closes the passage ends its enclave', async () => {
    const { launched, passage } = await ready();
    passage.close();
    assert.equal((await launched.exited).detail, 'The enclave ended with its host.');
    launched.gate.destroy();
  });

  test('that does not read fills no memory of its enclave', async () => {
    const body = `const flood = () => { for (let i = 0; i < 1000; i++) cap.passage.send(new Uint8Array(24)); setImmediate(flood) };
      setImmediate(flood);`;
    const { launched, passage } = await lab.launch({ body });
    passage?.stop();
    assert.equal((await launched.exited).exitCode, 5);
    launched.gate.destroy();
  });
});

function hasPeer(socket: object): boolean {
  const handle = handleOf(socket) as { getpeername(out: object): number };
  return handle.getpeername({}) === 0;
}
