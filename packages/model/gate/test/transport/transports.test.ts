import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough } from 'node:stream';
import { test, type TestContext } from 'node:test';
import {
  createEndpoint,
  createTransportPair,
  LARGE_PAYLOAD_BYTES,
  streamTransport,
  type Transport,
  type TransportEvents,
} from '../../src/index.ts';
import { LostError, noBytes, optionsFor, settle, testLimits } from '../harness.ts';

interface Recorded extends TransportEvents {
  readonly log: string[];
}

function recorder(): Recorded {
  const log: string[] = [];
  return {
    log,
    data: (chunk) => log.push(`data ${[...chunk].join()}`),
    drain: () => log.push('drain'),
    end: (error) => log.push(`end ${error?.message ?? ''}`),
  };
}

/** Two ends of a Unix socket. */
async function socketPair(t: TestContext): Promise<[Socket, Socket]> {
  const folder = mkdtempSync(join(tmpdir(), 'gate-'));
  const server = createServer({ pauseOnConnect: true });
  server.listen(join(folder, 'socket'));
  await once(server, 'listening');
  const client = connect(join(folder, 'socket'));
  const [accepted] = (await once(server, 'connection')) as [Socket];
  t.after(() => {
    client.destroy();
    accepted.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return [client, accepted];
}

test('two endpoints over a Unix socket: calls both ways, large payloads, goodbye', async (t) => {
  const [client, accepted] = await socketPair(t);
  // 40 MB on a busy machine: no frame is late here.
  const limits = {
    ...testLimits,
    maxFrameBytes: 2 ** 22,
    maxPendingCalls: 100,
    maxQueuedCalls: 100,
    frameTimeoutMs: 60_000,
    helloTimeoutMs: 60_000,
  };
  const a = createEndpoint(optionsFor(streamTransport(client), { limits }));
  const b = createEndpoint(optionsFor(streamTransport(accepted), { limits, initiator: false }));
  await Promise.all([a.ready, b.ready]);
  // Far more than both sockets hold, in both directions at once: only reading on keeps this from blocking.
  const large = Uint8Array.from({ length: 1_000_000 }, (_, at) => at);
  const calls = Array.from({ length: 20 }, () => [a.invoke(0, 0, large), b.invoke(0, 0, large)]).flat();
  for (const result of await Promise.all(calls)) assert.ok(Buffer.compare(result, large) === 0);
  await b.close();
  assert.deepEqual(await a.closed, { orderly: true });
  await assert.rejects(a.invoke(0, 0, noBytes), LostError);
  assert.ok(client.destroyed && accepted.destroyed);
});

test('a socket that is destroyed loses every pending call', async (t) => {
  const [client, accepted] = await socketPair(t);
  const a = createEndpoint(optionsFor(streamTransport(client)));
  const b = createEndpoint(
    optionsFor(streamTransport(accepted), { initiator: false, dispatch: () => new Promise(() => undefined) }),
  );
  await a.ready;
  const calls = [a.invoke(0, 0, noBytes), a.invoke(0, 1, noBytes)];
  await settle();
  accepted.destroy();
  for (const call of calls) await assert.rejects(call, LostError);
  assert.equal((await a.closed).orderly, false);
  assert.equal((await b.closed).orderly, false);
});

test('a stream that is destroyed before the gate starts ends it', async () => {
  const stream = new PassThrough();
  stream.destroy();
  await settle();
  const endpoint = createEndpoint(optionsFor(streamTransport(stream)));
  await assert.rejects(endpoint.ready, LostError);
});

test('an orderly close ends also when reading is paused and input waits', async (t) => {
  const [client, accepted] = await socketPair(t);
  const events = recorder();
  const transport = streamTransport(client);
  transport.start(events);
  transport.pause();
  accepted.write(Uint8Array.of(1));
  await settle();
  transport.close();
  accepted.resume();
  await once(client, 'close');
  assert.equal(events.log.at(-1), 'end ');
});

test('the end of a stream is told once, with its error', async () => {
  const stream = new PassThrough();
  const events = recorder();
  streamTransport(stream).start(events);
  stream.destroy(new Error('reset'));
  await settle();
  assert.deepEqual(events.log, ['end reset']);
  assert.doesNotThrow(() => stream.emit('error', new Error('late')));
});

test('congestion, drain, pause and resume reach the stream', async () => {
  const written: (() => void)[] = [];
  const stream = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => void written.push(done),
    highWaterMark: 2,
  });
  const events = recorder();
  const transport = streamTransport(stream);
  transport.start(events);
  assert.equal(transport.send(Uint8Array.of(1)), true);
  assert.equal(transport.send(Uint8Array.of(2)), false);
  while (written.length > 0) written.shift()?.();
  await settle();
  transport.pause();
  stream.push(Uint8Array.of(3));
  await settle();
  assert.deepEqual(
    events.log.filter((line) => line !== 'drain'),
    [],
  );
  transport.resume();
  await settle();
  assert.deepEqual([...new Set(events.log)], ['drain', 'data 3']);
});

test('a large payload is given back when the kernel has all of it, and nothing else ever is', async (t) => {
  const [client, accepted] = await socketPair(t);
  const given: Uint8Array[] = [];
  const transport = streamTransport(client, (payload) => given.push(payload));
  const large = new Uint8Array(4_000_000);
  transport.send(new Uint8Array(LARGE_PAYLOAD_BYTES - 1));
  transport.send(large);
  await settle();
  assert.deepEqual(given, []);
  accepted.resume();
  while (client.writableLength > 0) await settle();
  await settle();
  assert.ok(given.length === 1 && given[0] === large);
});

test('a large payload that could not be sent is not given back, nor one that another stream passes on', async (t) => {
  const [client] = await socketPair(t);
  const given: Uint8Array[] = [];
  const ofSocket = streamTransport(client, (payload) => given.push(payload));
  ofSocket.start(recorder());
  ofSocket.send(new Uint8Array(4_000_000));
  client.destroy();
  await once(client, 'close');
  const through = new PassThrough();
  streamTransport(through, (payload) => given.push(payload)).send(new Uint8Array(LARGE_PAYLOAD_BYTES));
  through.resume();
  await settle();
  assert.equal(given.length, 0);
});

test('a stream of text or objects is refused', async () => {
  for (const stream of [new PassThrough({ encoding: 'utf8' }), new PassThrough({ objectMode: true })]) {
    const events = recorder();
    streamTransport(stream).start(events);
    stream.write(stream.readableObjectMode ? { not: 'bytes' } : 'text');
    await settle();
    assert.match(events.log[0] ?? '', /must deliver bytes/);
    assert.equal(stream.destroyed, true);
  }
});

test('the in-process pair delivers in order, in a later turn, then the end', async () => {
  const [a, b] = createTransportPair();
  const events = recorder();
  const own = recorder();
  a.start(own);
  a.send(Uint8Array.of(1));
  b.start(events);
  a.send(Uint8Array.of(2));
  a.close();
  a.send(Uint8Array.of(3));
  assert.deepEqual(events.log, []);
  await settle();
  assert.deepEqual(events.log, ['data 1', 'data 2', 'end ']);
  assert.deepEqual(own.log, ['end ']);
});

test('the in-process pair reports congestion and drains', async () => {
  const [a, b] = createTransportPair();
  const [left, right] = [recorder(), recorder()];
  a.start(left);
  b.start(right);
  b.pause();
  assert.equal(a.send(new Uint8Array(65_536)), true);
  assert.equal(a.send(Uint8Array.of(1)), false);
  await settle();
  assert.deepEqual([left.log, right.log], [[], []]);
  b.resume();
  await settle();
  assert.equal(right.log.length, 2);
  assert.deepEqual(left.log, ['drain']);
});

test('closing the in-process pair with a reason drops what is on its way', async () => {
  const [a, b] = createTransportPair();
  const events = recorder();
  b.start(events);
  a.start(recorder());
  const close = (transport: Transport): void => transport.close(new Error('now'));
  a.send(Uint8Array.of(1));
  close(a);
  await settle();
  assert.deepEqual(events.log, ['end ']);
});
