import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { connect } from 'node:tls';
import { setImmediate as turn } from 'node:timers/promises';
import { MAX_STREAMS } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import type { PassageNotice } from '@enclos/tee/passage';
import { createTlsIdentity, tlsServer } from '../../src/index.ts';
import { PassedStreams } from '../../src/net/passed-streams.ts';
import { socketPair } from './connection-pairs.ts';
import { FakePassage, FakeSocket } from './fake-passage.ts';

interface Scene {
  readonly passage: FakePassage;
  readonly streams: PassedStreams;
}

function scene(listeners: readonly boolean[] = [true]): Scene {
  const passage = new FakePassage();
  return { passage, streams: new PassedStreams({ passage, listeners, socketTimeoutMs: 5 }) };
}

/** A scene in which the first listener is listened to, and the host has its grant. */
async function listening(options: Parameters<PassedStreams['listen']>[1] = {}) {
  const { passage, streams } = scene();
  const connections = streams.listen(0, options);
  const first = connections.next();
  await turn();
  passage.take();
  return { passage, streams, connections, first };
}

const over =
  (kind: 'accepted-ended' | 'connected-ended') =>
  (stream: number, bytesRead = 0n, bytesWritten = 0n): PassageNotice => ({ kind, stream, bytesRead, bytesWritten });
const ended = over('accepted-ended');
const connectedEnded = over('connected-ended');
const violation = { code: 'GATE_PROTOCOL_VIOLATION' };

async function closed(socket: FakeSocket): Promise<void> {
  const isOver = new Promise((resolve) => socket.once('close', resolve));
  socket.destroy(new Error('reset'));
  await isOver;
  await turn();
}

describe('a listener whose connections are passed', () => {
  test('grants its share when a reader begins to listen, and not before', async () => {
    for (const [listeners, share] of [
      [[true], 256],
      [[true, false, true], 128],
      [[true, true, true], 85],
    ] as const) {
      const { passage, streams } = scene(listeners);
      const connections = streams.listen(0, {});
      await turn();
      assert.deepEqual(passage.take(), []);
      void connections.next();
      await turn();
      assert.deepEqual(passage.take(), [{ kind: 'grant', listener: 0, count: share }]);
    }
  });

  test('gives the socket itself, which flows once it is read, and tells when it is over', async () => {
    const { passage, first } = await listening();
    const paused = new FakeSocket();
    Reflect.set(paused, 'readableFlowing', false);
    passage.pass({ kind: 'accepted', listener: 0, stream: 9 }, paused);
    const { value } = await first;
    assert.equal(value, paused);
    paused.push('hello');
    assert.equal(String((await once(paused, 'data'))[0]), 'hello');
    paused.bytesRead = 5;
    await closed(paused);
    assert.deepEqual(passage.take(), [ended(9)]);
  });

  test('tells how many bytes crossed a connection only if the code of the enclave wants it', async () => {
    const { passage, first } = await listening({ counts: true });
    const socket = passage.accepted(1);
    await first;
    socket.bytesRead = 7;
    socket.bytesWritten = 8;
    await closed(socket);
    assert.deepEqual(passage.take(), [ended(1, 7n, 8n)]);
  });

  test('counts the bytes of the socket, also when TLS reads and writes them', async () => {
    const { passage, first } = await listening({ counts: true });
    const [inside, outside] = await socketPair();
    // As the loader makes it.
    const socket = Object.defineProperty(inside, 'remoteAddress', { value: '192.0.2.1 4242' });
    passage.pass({ kind: 'accepted', listener: 0, stream: 1 }, socket as typeof socket & { remoteAddress: string });
    const { value: connection } = await first;
    const identity = createTlsIdentity('enclave.test');
    const accepted = tlsServer(identity)(connection ?? assert.fail('no connection'));
    const client = connect({ socket: outside, ca: identity.cert, servername: 'enclave.test' });
    client.write(new Uint8Array(100_000));
    const server = await accepted;
    server.resume().end(new Uint8Array(50_000));
    await once(client.resume(), 'end');
    client.end();
    await once(outside, 'close');
    if (!inside.closed) await once(inside, 'close');
    await turn();
    await turn();
    assert.deepEqual(passage.take(), [ended(1, BigInt(outside.bytesWritten), BigInt(outside.bytesRead))]);
    assert.ok(outside.bytesWritten > 100_000 && outside.bytesRead > 50_000);
  });

  test('ends the enclave for a connection beyond its credit', async () => {
    const { passage } = await listening();
    for (let stream = 1; stream <= MAX_STREAMS; stream++) passage.accepted(stream);
    assert.throws(() => passage.accepted(MAX_STREAMS + 1), violation);
  });

  test('ends the enclave for a connection that nothing listens for', async () => {
    const { passage, streams } = scene([false, true]);
    void streams.listen(1, {}).next();
    const refused: readonly (readonly [what: string, pass: () => unknown])[] = [
      ['of a listener that is relayed', () => passage.accepted(1, 0)],
      ['of a listener that the manifest does not have', () => passage.accepted(1, 2)],
      ['with the number of another one', () => [passage.accepted(3, 1), passage.accepted(3, 1)]],
      ['with a frame that does not exist', () => passage.passBytes(new Uint8Array(8), new FakeSocket())],
    ];
    for (const [what, pass] of refused) assert.throws(pass, violation, what);
    const unheard = scene();
    assert.throws(() => unheard.passage.accepted(1), violation);
  });

  test('uses a number again once its connection is over', async () => {
    const { passage, first } = await listening();
    const socket = passage.accepted(1);
    await first;
    await closed(socket);
    passage.accepted(1);
  });

  test('is not ended by a connection that breaks, nor gives one away that has', async () => {
    const { passage, first, connections } = await listening();
    const socket = passage.accepted(1);
    await first;
    await closed(socket);
    const broken = passage.accepted(2);
    broken.destroy(new Error('reset'));
    const whole = passage.accepted(3);
    assert.equal((await connections.next()).value, whole);
  });

  test('withdraws at once when its listening is aborted, closes what waits and keeps what is open', async () => {
    const aborter = new AbortController();
    const { passage, first, connections } = await listening({ signal: aborter.signal });
    const open = passage.accepted(1);
    await first;
    const waiting = [passage.accepted(2), passage.accepted(3)];
    aborter.abort();
    await turn();
    assert.deepEqual(passage.take(), [{ kind: 'withdraw', listener: 0 }, ended(2), ended(3)]);
    assert.ok(waiting.every((socket) => socket.destroyed) && !open.destroyed);
    assert.equal((await connections.next()).done, true);
    // Passed before the host had read it.
    const late = passage.accepted(4);
    assert.ok(late.destroyed);
    await closed(open);
    assert.deepEqual(passage.take(), [ended(4), ended(1)]);
  });

  test('ends the waiting of its reader when it is aborted, and before it begins', async () => {
    const aborter = new AbortController();
    const { first, streams, passage } = await listening({ signal: aborter.signal });
    aborter.abort();
    assert.equal((await first).done, true);
    await turn();
    passage.take();
    assert.equal((await streams.listen(0, { signal: aborter.signal }).next()).done, true);
    await turn();
    assert.deepEqual(passage.take(), []);
  });

  test('withdraws when its reader leaves the loop, and listens again for the next one', async () => {
    const { passage, first, connections, streams } = await listening();
    const open = passage.accepted(1);
    await first;
    await connections.return();
    await turn();
    assert.deepEqual(passage.take(), [{ kind: 'withdraw', listener: 0 }]);
    void streams.listen(0, {}).next();
    await turn();
    assert.deepEqual(passage.take(), [{ kind: 'grant', listener: 0, count: MAX_STREAMS - 1 }]);
    await closed(open);
    // The host takes the end for one more.
    for (let stream = 1; stream <= MAX_STREAMS; stream++) passage.accepted(stream);
  });

  test('states its credit anew when connections of before a withdrawal come on top of it', async () => {
    const { passage, streams, connections, first } = await listening();
    passage.accepted(1);
    await first;
    await connections.return();
    const again = streams.listen(0, {});
    void again.next();
    await turn();
    passage.take();
    // The host had passed 2 before it read the withdrawal; then it uses the grant.
    for (let stream = 2; stream <= MAX_STREAMS; stream++) assert.ok(!passage.accepted(stream).destroyed);
    assert.ok(passage.accepted(MAX_STREAMS + 1).destroyed);
    await turn();
    assert.deepEqual(passage.take(), [ended(MAX_STREAMS + 1), { kind: 'withdraw', listener: 0 }]);
    await closed((await again.next()).value as FakeSocket);
    assert.equal(passage.take().length, 2);
  });

  test('shares its connections among its readers, and goes on for as long as one is left', async () => {
    const aborter = new AbortController();
    const { passage, streams } = scene();
    const left = streams.listen(0, { signal: aborter.signal });
    const right = streams.listen(0, {});
    const [toLeft, toRight] = [left.next(), right.next()];
    await turn();
    assert.equal(passage.take().length, 1);
    const [one, two] = [passage.accepted(1), passage.accepted(2)];
    assert.deepEqual([(await toLeft).value, (await toRight).value], [one, two]);
    aborter.abort();
    assert.equal((await left.next()).done, true);
    await turn();
    assert.deepEqual(passage.take(), []);
    const three = passage.accepted(3);
    assert.equal((await right.next()).value, three);
  });

  test('tells everything of one turn in one write', async () => {
    const { passage } = await listening();
    const before = passage.writes;
    const sockets = [1, 2, 3].map((stream) => passage.accepted(stream));
    await Promise.all(
      sockets.map((socket) => {
        socket.destroy();
        return once(socket, 'close');
      }),
    );
    await turn();
    assert.deepEqual(passage.take(), [ended(1), ended(2), ended(3)]);
    assert.equal(passage.writes - before, 1);
  });
});

describe('a destination whose connections are passed', () => {
  test('is reached when the host has answered and the socket is here, in either order', async () => {
    for (const order of ['socket first', 'answer first']) {
      const { passage, streams } = scene();
      let answer = (): void => undefined;
      const asked = new Promise<void>((resolve) => (answer = resolve));
      let isThere = false;
      const connecting = streams.connect(1, () => asked, { counts: true }).finally(() => (isThere = true));
      if (order === 'answer first') answer();
      else passage.connected(1);
      await Promise.resolve();
      assert.ok(!isThere);
      if (order === 'answer first') passage.connected(1);
      else answer();
      const socket = (await connecting) as FakeSocket;
      socket.bytesRead = 3;
      await closed(socket);
      assert.deepEqual(passage.take(), [connectedEnded(1, 3n)]);
    }
  });

  test('is an error when the host refuses, and the number is then free of it', async () => {
    const { passage, streams } = scene();
    const refuse = (): Promise<void> => Promise.reject(new EnclosError('STREAM_CONNECT_FAILED'));
    await assert.rejects(streams.connect(1, refuse, {}), { code: 'STREAM_CONNECT_FAILED' });
    const late = passage.connected(1);
    assert.ok(late.destroyed);
    await turn();
    assert.deepEqual(passage.take(), [connectedEnded(1)]);
  });

  test('is an error when the socket does not come, or broke, or the caller gives up', async () => {
    const { passage, streams } = scene();
    await assert.rejects(
      streams.connect(1, () => Promise.resolve(), {}),
      { code: 'STREAM_BROKEN' },
    );
    const aborter = new AbortController();
    const givenUp = streams.connect(2, () => Promise.resolve(), { signal: aborter.signal });
    await Promise.resolve();
    aborter.abort();
    await assert.rejects(givenUp, { code: 'GATE_CANCELLED' });
    // The host may answer a call that was given up.
    const early = new AbortController();
    const answered = streams.connect(4, async () => early.abort(), { signal: early.signal });
    await assert.rejects(answered, { code: 'GATE_CANCELLED' });
    const broken = streams.connect(
      3,
      async () => {
        passage.connected(3).destroy();
      },
      {},
    );
    await assert.rejects(broken, { code: 'STREAM_BROKEN' });
    await turn();
    await turn();
    assert.deepEqual(passage.take(), [connectedEnded(3)]);
  });

  test('closes a socket that came although the host says that it failed', async () => {
    const { passage, streams } = scene();
    let socket: FakeSocket | undefined;
    const ask = (): Promise<void> => {
      socket = passage.connected(1);
      return Promise.reject(new EnclosError('GATE_CANCELLED'));
    };
    await assert.rejects(streams.connect(1, ask, {}), { code: 'GATE_CANCELLED' });
    assert.ok(socket?.destroyed);
  });

  test('closes a socket that was not asked for, and a second one, without a word', async () => {
    const { passage, streams } = scene();
    assert.ok(passage.connected(7).destroyed);
    const socket = await streams.connect(1, async () => void passage.connected(1), {});
    assert.ok(passage.connected(1).destroyed);
    assert.ok(!socket.destroyed);
    await turn();
    assert.deepEqual(passage.take(), []);
  });

  test('is refused beyond the limit, which counts those that wait', async () => {
    const { passage, streams } = scene();
    let failFirst = (_error: Error): void => undefined;
    const first = streams.connect(1, () => new Promise<void>((_, reject) => (failFirst = reject)), {});
    const sockets: FakeSocket[] = [];
    for (let stream = 2; stream <= MAX_STREAMS; stream++) {
      await streams.connect(stream, async () => void sockets.push(passage.connected(stream)), {});
    }
    const oneMore = (): Promise<unknown> => streams.connect(1000, async () => void passage.connected(1000), {});
    await assert.rejects(oneMore(), { code: 'STREAM_LIMIT' });
    failFirst(new Error('no'));
    await assert.rejects(first, /no/);
    await oneMore();
    await assert.rejects(oneMore(), { code: 'STREAM_LIMIT' });
    await closed(sockets[0] ?? assert.fail());
    await streams.connect(1001, async () => void passage.connected(1001), {});
  });

  test('forgets the oldest numbers that were given up', async () => {
    const { passage, streams } = scene();
    const fail = (): Promise<void> => Promise.reject(new Error('no'));
    for (let stream = 1; stream <= MAX_STREAMS + 1; stream++) await assert.rejects(streams.connect(stream, fail, {}));
    assert.deepEqual(
      [1, 2, MAX_STREAMS + 1].map((stream) => streams.has(stream)),
      [false, true, true],
    );
    passage.connected(1);
    passage.connected(2);
    await turn();
    assert.deepEqual(passage.take(), [connectedEnded(2)]);
  });
});
