import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { pinnedInterpreter } from '@enclos/manifest';
import { softwareCapabilities } from '@enclos/tee';
import { encodePassageNotice, type PassageNotice } from '@enclos/tee/passage';
import { manifestFields } from '@enclos/testkit';
import '../src/errors.ts';
import { connectUnread } from '../src/services/connecting.ts';
import { openServices, type HostServices } from '../src/services/services.ts';
import { servePassage, type Arrival, type PassagePeer, type PassageServer } from './passage-peer.ts';
import { Peer } from './stream-peer.ts';

const manifest = manifestFields(pinnedInterpreter, {
  listen: [
    { name: 'plain', port: 8442, transport: 'relayed' },
    { name: 'web', port: 8443, transport: 'passed' },
    { name: 'admin', port: 8444, transport: 'either' },
  ],
  connect: [
    { name: 'database', host: 'database.invalid', port: 5432, transport: 'passed' },
    { name: 'cache', host: 'cache.invalid', port: 6379, transport: 'relayed' },
  ],
});
/** Their places in the manifest. */
const [plain, web, admin] = [0, 1, 2];
const listen = { plain: { port: 0 }, web: { port: 0 }, admin: { port: 0 } };
const folders = { mounts: {}, trustedFiles: {} };

function code(...codes: readonly ErrorCode[]): (error: unknown) => boolean {
  return (error) => isEnclosError(error) && codes.includes(error.code);
}

const grant = (listener: number, count: number): PassageNotice => ({ kind: 'grant', listener, count });
const withdraw = (listener: number): PassageNotice => ({ kind: 'withdraw', listener });
const ended = (stream: number, kind: 'accepted-ended' | 'connected-ended' = 'accepted-ended'): PassageNotice => ({
  kind,
  stream,
  bytesRead: 0n,
  bytesWritten: 0n,
});

describe('the host of an enclave to which it passes connections', { timeout: 60_000 }, () => {
  let services: HostServices;
  let where: PassageServer;
  /** The enclave's end of the passage, and that of the gate. */
  let passage: PassagePeer;
  let peer: Peer;
  let upstream: Server;
  const clients: Socket[] = [];

  beforeEach(async () => {
    // It talks first.
    upstream = createServer((socket) => socket.on('error', () => undefined).end('welcome')).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const destination = { host: '127.0.0.1', port: (upstream.address() as AddressInfo).port };
    services = await openServices(manifest, {
      folders,
      streams: { capabilities: softwareCapabilities, listen, connect: { database: destination, cache: destination } },
    });
    where = await servePassage();
  });
  afterEach(async () => {
    for (const socket of clients.splice(0)) socket.destroy();
    await services.close();
    await where.close();
    await new Promise((resolve) => upstream.close(resolve));
  });

  /** As the platform decides that connections are passed. */
  async function open(): Promise<void> {
    assert.ok(services.streams.openPassage);
    [passage] = await Promise.all([where.peer(), services.streams.openPassage(where.path)]);
    passage.start();
    peer = new Peer(services);
  }

  async function client(listener = 'web'): Promise<Socket> {
    const address = services.streams.listeners[listener];
    assert.ok(address?.port !== undefined);
    const socket = connect({ port: address.port, host: address.host ?? '' });
    socket.on('error', () => undefined);
    clients.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  /** Resolves when the host has read all that was told: a connection of another listener arrives after it. */
  async function heard(): Promise<void> {
    passage.tell(grant(admin, 1));
    await client('admin');
    await passage.until(() => passage.arrivals.some(({ frame }) => frame.listener === admin));
    const place = passage.arrivals.findIndex(({ frame }) => frame.listener === admin);
    passage.arrivals.splice(place, 1)[0]?.socket.destroy();
  }

  const numbers = (arrivals: readonly Arrival[]): number[] => arrivals.map(({ frame }) => frame.stream);

  test('connections wait for credit, arrive in their order, and each end is a credit', async () => {
    await open();
    const sockets = [await client(), await client(), await client()];
    await heard();
    assert.equal(passage.arrivals.length, 0);
    passage.tell(grant(web, 2));
    await passage.until(() => passage.arrivals.length === 2);
    await heard();
    assert.equal(passage.arrivals.length, 2, 'no more than it granted');
    const [first] = numbers(passage.arrivals);
    passage.tell(ended(first ?? 0));
    await passage.until(() => passage.arrivals.length === 3);
    assert.ok(passage.arrivals.every(({ frame }) => frame.kind === 'accepted' && frame.listener === web));
    assert.equal(new Set(numbers(passage.arrivals)).size, 3);
    assert.deepEqual(
      passage.arrivals.map(({ socket }) => socket.remotePort),
      sockets.map(({ localPort }) => localPort),
    );
  });

  test('a connection for which there is credit does not wait for anything', async () => {
    await open();
    passage.tell(grant(web, 256));
    await heard();
    const socket = await client();
    const { socket: inside } = await passage.next();
    inside.end('hello');
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    assert.equal(String(bytes), 'hello');
  });

  test('the credit of one listener is not that of another', async () => {
    await open();
    passage.tell(grant(admin, 5));
    await client('web');
    const socket = await client('admin');
    const arrival = await passage.next();
    assert.equal(arrival.frame.listener, admin);
    assert.equal(arrival.socket.remotePort, socket.localPort);
    assert.equal(passage.arrivals.length, 0);
  });

  test('after a withdrawal nothing passes until the next grant, whatever ends', async () => {
    await open();
    passage.tell(grant(web, 1));
    await client();
    const { frame } = await passage.next();
    passage.tell(grant(web, 7), withdraw(web), ended(frame.stream));
    await client();
    await heard();
    assert.equal(passage.arrivals.length, 0);
    passage.tell(grant(web, 1));
    await passage.next();
  });

  test('credit that is withdrawn in the same turn is not used', async () => {
    await open();
    await client();
    const notices = [grant(web, 3), withdraw(web)].map(encodePassageNotice);
    passage.send(Buffer.concat(notices));
    await heard();
    assert.equal(passage.arrivals.length, 0);
  });

  test('512 connections wait, and further ones are closed', async () => {
    await open();
    for (let i = 0; i < 512; i += 1) await client();
    const further = await client();
    further.resume();
    await once(further, 'end');
    passage.tell(grant(web, 256));
    await passage.until(() => passage.arrivals.length === 256);
    for (const stream of numbers(passage.arrivals)) passage.tell(ended(stream));
    await passage.until(() => passage.arrivals.length === 512);
  });

  test('300 connections are served with 256 credits', async () => {
    await open();
    passage.tell(grant(web, 256));
    const texts = Array.from({ length: 300 }, async () => {
      const socket = await client();
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      return String(bytes);
    });
    await passage.until(() => passage.arrivals.length === 256);
    await heard();
    assert.equal(passage.arrivals.length, 256);
    for (let served = 0; served < 300; served += 1) {
      const { frame, socket } = await passage.next();
      socket.end(`number ${frame.stream}`);
      passage.tell(ended(frame.stream));
    }
    assert.equal(new Set(await Promise.all(texts)).size, 300);
  });

  test('a relayed listener and a relayed destination are relayed beside it', async () => {
    await open();
    const socket = await client('plain');
    const stream = await peer.accept(1, 'plain');
    socket.write('question');
    assert.equal(String(await stream.read()), 'question');
    assert.equal(String(await (await peer.connect(2, 'cache')).read()), 'welcome');
    const { listen: entries } = manifest;
    assert.deepEqual(
      entries.map((entry) => services.streams.transportOf(entry)),
      ['relayed', 'passed', 'passed'],
    );
  });

  test('the enclave cannot have a connection relayed that it is passed', async () => {
    await open();
    await assert.rejects(peer.accept(1, 'web'), code('STREAM_REFUSED'));
    await assert.rejects(peer.accept(1, 'admin'), code('STREAM_REFUSED'));
  });

  test('without a passage, what may be relayed is relayed, also what came before that was known', async () => {
    const early = await client('admin');
    peer = new Peer(services);
    const stream = await peer.accept(1, 'admin');
    early.write('question');
    assert.equal(String(await stream.read()), 'question');
    for (const entry of manifest.listen) assert.equal(services.streams.transportOf(entry), 'relayed');
  });

  test('a destination is connected, and passed with all that it said, before the answer', async () => {
    await open();
    await peer.asked().streamConnect({ destination: 'database', stream: 77 });
    const { frame, socket } = await passage.next();
    assert.deepEqual(frame, { kind: 'connected', listener: 0, stream: 77 });
    const [bytes] = (await once(socket.resume(), 'data')) as [Buffer];
    assert.equal(String(bytes), 'welcome');
  });

  test('nothing of a destination is read before it is passed', async () => {
    const { port } = upstream.address() as AddressInfo;
    const said = new Promise((resolve) => upstream.once('connection', (socket) => socket.once('finish', resolve)));
    const socket = await connectUnread({ host: '127.0.0.1', port }, new AbortController().signal);
    clients.push(socket);
    await said;
    // Whatever reads would read in one of these.
    for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(socket.bytesRead, 0);
  });

  test('the number of a connection is in use until the enclave says that it has ended', async () => {
    await open();
    const ask = (stream: number) => peer.asked().streamConnect({ destination: 'database', stream });
    await ask(5);
    await assert.rejects(ask(5), code('STREAM_REFUSED'));
    await assert.rejects(peer.connect(5, 'cache'), code('STREAM_REFUSED'));
    await assert.rejects(ask(0), code('STREAM_REFUSED'));
    await passage.next();
    passage.tell(ended(5, 'connected-ended'));
    await heard();
    await ask(5);
  });

  test('a destination that does not answer, and one that is not awaited any more, are errors and free their numbers', async () => {
    await open();
    const ask = (signal?: AbortSignal) => peer.asked(signal).streamConnect({ destination: 'database', stream: 5 });
    await assert.rejects(ask(AbortSignal.abort()), code('STREAM_CONNECT_FAILED'));
    await new Promise((resolve) => upstream.close(resolve));
    await assert.rejects(ask(), code('STREAM_CONNECT_FAILED'));
    await assert.rejects(ask(), code('STREAM_CONNECT_FAILED'));
    assert.equal(passage.arrivals.length, 0);
  });

  const violations: Readonly<Record<string, () => readonly PassageNotice[]>> = {
    'credit for a listener that does not exist': () => [grant(3, 1)],
    'credit for a listener that is relayed': () => [grant(plain, 1)],
    'a withdrawal of a listener that is relayed': () => [withdraw(plain)],
    'more credit than it can have': () => [grant(web, 257)],
    'the most credit that can be written': () => [grant(web, 0xffff_ffff)],
    'an end of a connection that it does not have': () => [ended(1)],
    'an end of a connection that it did not ask for': () => [ended(1, 'connected-ended')],
  };
  for (const [what, notices] of Object.entries(violations)) {
    test(`the enclave ends for ${what}`, async () => {
      await open();
      passage.tell(...notices());
      await passage.until(() => passage.isEnded);
      assert.ok(code('GATE_PROTOCOL_VIOLATION')(peer.violations[0]), String(peer.violations[0]));
      assert.equal(peer.violations.length, 1);
      assert.equal(peer.isLost, false);
    });
  }

  test('the enclave ends for an end that it says twice', async () => {
    await open();
    passage.tell(grant(web, 1));
    await client();
    const { frame } = await passage.next();
    passage.tell(ended(frame.stream), ended(frame.stream));
    await passage.until(() => passage.isEnded);
    assert.ok(code('GATE_PROTOCOL_VIOLATION')(peer.violations[0]));
  });

  test('the enclave ends for bytes that are not a notice, also after others', async () => {
    await open();
    passage.tell(grant(web, 1));
    passage.send(new Uint8Array(24).fill(7));
    await passage.until(() => passage.isEnded);
    assert.ok(code('GATE_PROTOCOL_VIOLATION')(peer.violations[0]));
  });

  test('a listener has no more than 256 credits, in however many parts they come', async () => {
    await open();
    passage.tell(grant(web, 256), grant(web, 256));
    for (let i = 0; i < 257; i += 1) await client();
    await passage.until(() => passage.arrivals.length === 256);
    await heard();
    assert.equal(passage.arrivals.length, 256);
  });

  test('an enclave that listens again before it has what was passed gets 1024, and the next ones with their ends', async () => {
    await open();
    for (let i = 0; i < 4; i += 1) {
      passage.tell(withdraw(web), grant(web, 256));
      for (let j = 0; j < 256; j += 1) {
        await client();
        await passage.until(() => passage.arrivals.length === 256 * i + j + 1);
      }
    }
    passage.tell(withdraw(web), grant(web, 256));
    // One of another listener would be too many too.
    passage.tell(grant(admin, 1));
    const waiting = [await client('admin'), await client()];
    await peer.asked().streamConnect({ destination: 'database', stream: 1 });
    await passage.until(() => passage.arrivals.some(({ frame }) => frame.kind === 'connected'));
    assert.equal(passage.arrivals.length, 1025, 'and the one that it asked for');
    for (const { frame } of passage.arrivals.slice(0, 2)) passage.tell(ended(frame.stream));
    await passage.until(() => passage.arrivals.length === 1027);
    const last = passage.arrivals.slice(1025).map(({ socket }) => socket.remotePort);
    assert.deepEqual(new Set(last), new Set(waiting.map(({ localPort }) => localPort)));
    assert.deepEqual(peer.violations, []);
  });

  test('what it broke before its gate was open is told when it is', async () => {
    assert.ok(services.streams.openPassage);
    [passage] = await Promise.all([where.peer(), services.streams.openPassage(where.path)]);
    passage.start().tell(grant(plain, 1));
    await passage.until(() => passage.isEnded);
    peer = new Peer(services);
    assert.ok(code('GATE_PROTOCOL_VIOLATION')(peer.violations[0]));
  });

  test('an enclave that closes its passage is lost, and nothing is passed', async () => {
    await open();
    passage.tell(grant(web, 5));
    await heard();
    passage.close();
    while (!peer.isLost) await new Promise((resolve) => setImmediate(resolve));
    const socket = await client();
    await services.close();
    // The client gets no other answer than the end.
    socket.resume();
    if (!socket.closed) await once(socket, 'close');
    await assert.rejects(peer.asked().streamConnect({ destination: 'database', stream: 1 }), code('STREAM_BROKEN'));
    assert.deepEqual(peer.violations, []);
  });

  test('its end closes the connections that wait, and not those that it has', async () => {
    await open();
    passage.tell(grant(web, 1));
    const mine = await client();
    const waits = await client();
    const { socket } = await passage.next();
    const closing = services.close();
    waits.resume();
    await once(waits, 'end');
    await closing;
    socket.end('still here');
    const [bytes] = (await once(mine, 'data')) as [Buffer];
    assert.equal(String(bytes), 'still here');
  });
});
