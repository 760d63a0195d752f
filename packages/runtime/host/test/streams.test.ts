import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { utf8 } from '@enclos/codec';
import { MAX_STREAMS } from '@enclos/edl';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { FrameKind, MAX_STREAM_CHUNK_BYTES, STREAM_WINDOW_BYTES, type Frame } from '@enclos/gate';
import { pinnedInterpreter } from '@enclos/manifest';
import { softwareCapabilities } from '@enclos/tee';
import { listenOnSocket, socketStateAt } from '@enclos/tee/unix-socket';
import { manifestFields } from '@enclos/testkit';
// What an error advises is declared there.
import '../src/errors.ts';
import { openServices, type HostServices } from '../src/services/services.ts';
import type { StreamAddress } from '../src/services/addresses.ts';
import { Peer, type PeerStream } from './stream-peer.ts';

const manifest = manifestFields(pinnedInterpreter, {
  listen: [
    { name: 'web', port: 8443, transport: 'relayed' },
    { name: 'admin', port: 8444, transport: 'relayed' },
  ],
  connect: [{ name: 'database', host: 'database.invalid', port: 5432, transport: 'relayed' }],
});
const anyPort = { port: 0 };
const folders = { mounts: {}, trustedFiles: {} };

function code(...codes: readonly ErrorCode[]): (error: unknown) => boolean {
  return (error) => isEnclosError(error) && codes.includes(error.code);
}

function frameOf(id: number, fields: Partial<Frame>): Frame {
  const payload = new Uint8Array();
  return {
    kind: FrameKind.GOODBYE,
    table: 0,
    functionIndex: 0,
    callId: id,
    parentCallId: 0,
    timeoutMs: 0,
    payload,
    ...fields,
  };
}

describe('the host stream service', { timeout: 60_000 }, () => {
  let services: HostServices;
  let peer: Peer;
  let upstream: Server;
  let arrived: Socket[];
  const clients: Socket[] = [];

  beforeEach(async () => {
    arrived = [];
    upstream = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      arrived.push(socket);
      upstream.emit('arrived');
    });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const { port } = upstream.address() as { port: number };
    services = await openServices(manifest, {
      folders,
      streams: {
        capabilities: softwareCapabilities,
        listen: { web: anyPort, admin: anyPort },
        connect: { database: { host: '127.0.0.1', port } },
      },
    });
    peer = new Peer(services);
  });
  afterEach(async () => {
    for (const socket of [...clients.splice(0), ...arrived]) socket.destroy();
    await services.close();
    await new Promise((resolve) => upstream.close(resolve));
  });

  function client(listener = 'web'): Socket {
    const address = services.streams.listeners[listener];
    assert.ok(address?.port !== undefined);
    const socket = connect({ port: address.port, host: address.host ?? '', allowHalfOpen: true });
    socket.on('error', () => undefined);
    clients.push(socket);
    return socket;
  }

  async function upstreamSocket(): Promise<Socket> {
    if (arrived.length === 0) await once(upstream, 'arrived');
    const socket = arrived.shift();
    assert.ok(socket);
    clients.push(socket);
    return socket;
  }

  test('relays bytes both ways, with an end in each direction of its own', async () => {
    const socket = client();
    const said = await peer.asked().streamAccept({ listener: 'web', stream: 9 });
    assert.match(said, /^127\.0\.0\.1 \d+$/);
    const other = client();
    const stream = await peer.accept(1);
    other.write('question');
    assert.equal(String(await stream.read()), 'question');
    other.end();
    await stream.until(() => stream.isEnded);
    stream.port.send(utf8('ans'));
    stream.port.send(utf8('wer'));
    stream.port.end();
    let answer = '';
    for await (const chunk of other) answer += String(chunk);
    assert.equal(answer, 'answer');
    // Both ends are said: the host gives its part up by itself.
    await stream.until(() => stream.isClosed);
    stream.port.close();
    assert.ok(stream.isForgotten);
    socket.destroy();
  });

  test('an end by the enclave leaves the other direction open', async () => {
    const socket = client();
    const stream = await peer.accept(1);
    stream.port.end();
    socket.resume();
    await once(socket, 'end');
    socket.write('still here');
    assert.equal(String(await stream.read()), 'still here');
    assert.ok(!stream.isClosed);
  });

  /** What the enclave has at a number, and who is at the other end. */
  const ways: Readonly<Record<string, () => Promise<readonly [PeerStream, Socket]>>> = {
    'a connection': async () => {
      const socket = client();
      return [await peer.accept(1), socket];
    },
    'a destination': async () => [await peer.connect(1), await upstreamSocket()],
  };
  for (const [what, open] of Object.entries(ways)) {
    test(`what was written to ${what} before an end is delivered, though the enclave closes behind it`, async () => {
      const [stream, socket] = await open();
      socket.pause();
      const piece = new Uint8Array(MAX_STREAM_CHUNK_BYTES).fill(7);
      let sentBytes = 0;
      // Until the kernel takes no more, and a window waits at the host.
      for (let stillTurns = 0; stillTurns < 20;) {
        const bytes = stream.port.send(piece);
        sentBytes += bytes;
        stillTurns = bytes === 0 ? stillTurns + 1 : 0;
        await sleep(bytes === 0 ? 10 : 0);
      }
      stream.port.end();
      stream.port.close();
      let receivedBytes = 0;
      socket.on('data', (chunk: Buffer) => void (receivedBytes += chunk.length));
      socket.on('end', () => socket.end());
      await once(socket.resume(), 'close');
      assert.equal(receivedBytes, sentBytes);
      await stream.until(() => stream.isForgotten);
    });
  }

  test('connects to a declared destination', async () => {
    const stream = await peer.connect(7);
    const socket = await upstreamSocket();
    stream.port.send(utf8('select'));
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    assert.equal(chunk.toString(), 'select');
  });

  test('reaches nothing that the manifest does not declare', async () => {
    let id = 0;
    for (const name of ['other', 'database.invalid', '127.0.0.1', 'constructor', '__proto__', 'web']) {
      await assert.rejects(peer.connect((id += 1), name), code('STREAM_NOT_DECLARED'));
    }
    for (const name of ['database', '8443', 'constructor']) {
      await assert.rejects(peer.accept((id += 1), name), code('STREAM_NOT_DECLARED'));
    }
    assert.equal(arrived.length, 0);
    assert.deepEqual(peer.violations, []);
  });

  test('a listener gives its own connections and no others', async () => {
    client('admin');
    const abort = new AbortController();
    const web = peer.accept(1, 'web', abort.signal);
    await peer.accept(2, 'admin');
    abort.abort();
    await assert.rejects(web, code('GATE_CANCELLED'));
  });

  test('frames of a stream that is not open end the gate, but for a close, which is answered', async () => {
    const bytes = utf8('x');
    const bad: readonly Partial<Frame>[] = [
      { kind: FrameKind.STREAM_DATA, payload: bytes },
      { kind: FrameKind.STREAM_CREDIT, parentCallId: 1 },
      { kind: FrameKind.STREAM_END },
    ];
    for (const fields of bad) peer.send(frameOf(5, fields));
    await turn();
    assert.equal(peer.violations.length, bad.length);
    for (const violation of peer.violations) assert.ok(code('GATE_PROTOCOL_VIOLATION')(violation));
    const given = peer.frames.length;
    peer.send(frameOf(6, { kind: FrameKind.STREAM_CLOSE }));
    await turn();
    assert.deepEqual(
      peer.frames.slice(given).map(({ kind, callId }) => [kind, callId]),
      [[FrameKind.STREAM_CLOSE, 6]],
    );
  });

  test('bytes or an end for a stream that is still waited for end the gate', async () => {
    const waiting = peer.accept(1).catch((error: unknown) => error);
    await turn();
    peer.send(frameOf(1, { kind: FrameKind.STREAM_DATA, payload: utf8('x') }));
    peer.send(frameOf(1, { kind: FrameKind.STREAM_END }));
    await turn();
    assert.equal(peer.violations.length, 2);
    await services.close();
    assert.ok(code('GATE_CANCELLED')(await waiting));
  });

  test('bytes or an end behind an end, and a grant for nothing, end the gate', async () => {
    client();
    await peer.accept(2);
    peer.send(frameOf(2, { kind: FrameKind.STREAM_END }));
    peer.send(frameOf(2, { kind: FrameKind.STREAM_END }));
    peer.send(frameOf(2, { kind: FrameKind.STREAM_DATA, payload: Uint8Array.of(1) }));
    peer.send(frameOf(2, { kind: FrameKind.STREAM_CREDIT, parentCallId: 1 }));
    await turn();
    assert.equal(peer.violations.length, 3);
  });

  test('a number in use is refused, and the connection that waits is not lost', async () => {
    client();
    await peer.accept(1);
    client();
    const asked = peer.asked();
    await assert.rejects(asked.streamAccept({ listener: 'web', stream: 1 }), code('STREAM_REFUSED'));
    await assert.rejects(asked.streamAccept({ listener: 'web', stream: 0 }), code('STREAM_REFUSED'));
    await peer.accept(2);
  });

  test('nothing is read ahead of a peer that sends without end', async () => {
    const socket = client();
    const stream = await peer.accept(1);
    let taken = 0;
    const flood = (): void => {
      for (;;) if (!socket.write(Buffer.alloc(65_536), () => void (taken += 65_536))) return;
    };
    socket.on('drain', flood);
    flood();
    // The kernel's buffers fill, then the client stands still for as long as the enclave does not read.
    let before = -1;
    while (before !== taken) {
      before = taken;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.ok(taken < 64 * 2 ** 20, `${taken} bytes were taken`);
    assert.ok(stream.unreadBytes > 0 && stream.unreadBytes <= STREAM_WINDOW_BYTES);
    // And goes on when it is read.
    const piece = await stream.read();
    await stream.until(() => stream.unreadBytes > piece.length / 2);
    assert.deepEqual(peer.violations, []);
  });

  test('what is written to fast and slow sockets in turn arrives as it was', async () => {
    const [slow, fast] = [client(), client()];
    const streams = [await peer.accept(1), await peer.accept(2)] as const;
    slow.pause();
    const got = { slow: [] as Buffer[], fast: [] as Buffer[] };
    slow.on('data', (bytes: Buffer) => got.slow.push(bytes));
    fast.on('data', (bytes: Buffer) => got.fast.push(bytes));
    const sent = [[], []] as [Uint8Array[], Uint8Array[]];
    const totalBytes = 16 * 2 ** 20;
    for (let round = 0, bytes = 0; bytes < totalBytes; round++) {
      const size = 1 + ((round * 7919) % MAX_STREAM_CHUNK_BYTES);
      bytes += size;
      for (const [at, stream] of streams.entries()) {
        const piece = new Uint8Array(size).fill(round);
        await stream.until(() => stream.port.room > size + 256 || at === 0);
        const taken = stream.port.send(piece);
        sent[at]?.push(piece.slice(0, taken));
        // Lent: what the host does not copy it would write like this.
        await turn();
        piece.fill(0xee);
      }
      // The slow one reads when the kernel's buffers have long been full.
      if (round === 200) slow.resume();
    }
    for (const [at, key] of (['slow', 'fast'] as const).entries()) {
      const expected = Buffer.concat(sent[at] ?? []);
      while (Buffer.concat(got[key]).length < expected.length) await sleep(5);
      assert.ok(Buffer.concat(got[key]).equals(expected), key);
    }
    assert.deepEqual(peer.violations, []);
  });

  test('a broken connection closes the stream, with what was not passed on', async () => {
    const socket = client();
    const stream = await peer.accept(1);
    socket.resetAndDestroy();
    await stream.until(() => stream.isClosed);
    // What was under way to it is not a violation.
    stream.port.send(utf8('x'));
    stream.port.end();
    stream.port.close();
    await turn();
    assert.ok(stream.isForgotten);
    assert.deepEqual(peer.violations, []);
  });

  test('a close by the enclave is seen by the peer, and frees the number', async () => {
    const socket = client();
    const stream = await peer.accept(1);
    socket.resume();
    const ended = once(socket, 'close');
    socket.on('end', () => socket.end());
    stream.port.close();
    await ended;
    await stream.until(() => stream.isForgotten);
    client();
    await peer.accept(1);
  });

  test('a close also ends the waiting for a connection, which the next one gets', async () => {
    const waiting = peer.asked().streamAccept({ listener: 'web', stream: 1 });
    await turn();
    peer.send(frameOf(1, { kind: FrameKind.STREAM_CLOSE }));
    await assert.rejects(waiting, code('GATE_CANCELLED'));
    client();
    await peer.asked().streamAccept({ listener: 'web', stream: 1 });
  });

  test('an aborted accept takes no connection', async () => {
    const abort = new AbortController();
    const waiting = peer.accept(1, 'web', abort.signal);
    abort.abort();
    await assert.rejects(waiting, code('GATE_CANCELLED'));
    await assert.rejects(peer.accept(2, 'web', abort.signal), code('GATE_CANCELLED'));
    client();
    await peer.accept(3);
    assert.deepEqual(peer.violations, []);
  });

  test('a destination that cannot be reached says no more than that', async () => {
    await new Promise((resolve) => upstream.close(resolve));
    await assert.rejects(peer.connect(1), code('STREAM_CONNECT_FAILED'));
    await turn();
    // The number is free again.
    await assert.rejects(peer.connect(1), code('STREAM_CONNECT_FAILED'));
    upstream.listen();
  });

  test('more streams than allowed are refused, those included that are waited for', async () => {
    const waiting = Array.from({ length: MAX_STREAMS }, (_, at) =>
      peer.accept(at + 1).catch((error: unknown) => error),
    );
    const asked = peer.asked();
    await assert.rejects(asked.streamAccept({ listener: 'web', stream: 1000 }), code('STREAM_LIMIT'));
    await assert.rejects(asked.streamConnect({ destination: 'database', stream: 1000 }), code('STREAM_LIMIT'));
    peer.send(frameOf(5, { kind: FrameKind.STREAM_CLOSE }));
    await turn();
    await asked.streamConnect({ destination: 'database', stream: 1000 });
    await services.close();
    for (const outcome of await Promise.all(waiting)) assert.ok(code('GATE_CANCELLED')(outcome));
  });

  test('connections that are not accepted are few, and the rest is closed', async () => {
    const sockets = Array.from({ length: 520 }, () => client());
    const closed = sockets.map((socket) => once(socket.resume(), 'end'));
    await Promise.race(closed);
    // The first are kept, in their order.
    sockets[0]?.write('first');
    assert.equal(String(await (await peer.accept(1)).read()), 'first');
  });

  test('its end closes ports and connections, and nothing opens any more', async () => {
    const [accepted, waiting] = [client(), client()];
    await peer.accept(1);
    const ends = [accepted, waiting].map(
      (socket) =>
        new Promise((resolve) =>
          socket
            .resume()
            .once('close', resolve)
            .once('end', () => socket.destroy()),
        ),
    );
    await Promise.all([services.close(), ...ends]);
    await assert.rejects(peer.connect(2), code('STREAM_BROKEN'));
    const [error] = (await once(client(), 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNREFUSED');
  });
});

describe('the addresses of streams', () => {
  const open = (listen: Readonly<Record<string, StreamAddress>>, to: Readonly<Record<string, StreamAddress>> = {}) =>
    openServices(manifest, { folders, streams: { capabilities: softwareCapabilities, listen, connect: to } });

  test('a name that the manifest does not declare is refused', async () => {
    await assert.rejects(open({ other: anyPort }), code('STREAM_NOT_DECLARED'));
    await assert.rejects(open({ web: anyPort, admin: anyPort }, { web: anyPort }), code('STREAM_NOT_DECLARED'));
  });

  test('a port in use is an error that names the listener, and leaves no other open', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'enclos-host-'));
    t.after(() => rm(folder, { recursive: true }));
    const web = { path: join(folder, 'web.sock') };
    const taken = await open({ web: anyPort, admin: anyPort });
    t.after(() => taken.close());
    const { port = 0 } = taken.streams.listeners['web'] ?? {};
    await assert.rejects(
      open({ web, admin: { port } }),
      (error: unknown) =>
        code('HOST_LISTEN_FAILED')(error) &&
        /"admin"/.test(String(error)) &&
        isEnclosError(error) &&
        /choose another port: with `PORT=8444 enclos run`/.test(error.next),
    );
    assert.deepEqual(await readdir(folder), []);
  });

  for (const [what, below] of [
    ['a Unix socket', '.'],
    ['a Unix socket with a long path', 'd'.repeat(150)],
  ] as const) {
    test(`${what} is a listener too, and is gone with it`, async () => {
      const base = await mkdtemp(join(tmpdir(), 'enclos-host-'));
      const folder = join(base, below);
      await mkdir(folder, { recursive: true });
      const path = join(folder, 'web.sock');
      const services = await open({ web: { path }, admin: anyPort });
      assert.deepEqual(services.streams.listeners['web'], { path });
      // Not at the beginning of its path, which is what a system call with a bounded address would take.
      assert.deepEqual(await readdir(folder), ['web.sock']);
      assert.equal(await socketStateAt(path), 'answers');
      await services.close();
      assert.deepEqual(await readdir(folder), []);
      await rm(base, { recursive: true });
    });
  }

  test('a destination may be a Unix socket with a long path', async () => {
    const base = await mkdtemp(join(tmpdir(), 'enclos-host-'));
    const path = join(base, 'd'.repeat(150), 'database.sock');
    await mkdir(join(path, '..'));
    const database = createServer((socket) => socket.pipe(socket));
    await listenOnSocket(database, path);
    assert.deepEqual(await readdir(join(path, '..')), ['database.sock']);
    const services = await open({ web: anyPort, admin: anyPort }, { database: { path } });
    const stream = await new Peer(services).connect(1);
    stream.port.send(utf8('select'));
    assert.equal(String(await stream.read()), 'select');
    await services.close();
    await new Promise((resolve) => database.close(resolve));
    await rm(base, { recursive: true });
  });

  test('listeners without an address of their own are where the host program was told to listen', async () => {
    const services = await openServices(manifest, {
      folders,
      streams: {
        capabilities: softwareCapabilities,
        listen: { web: anyPort, admin: { host: '127.0.0.1', port: 0 } },
        connect: {},
        listenAddress: '0.0.0.0',
      },
    });
    const { web, admin } = services.streams.listeners;
    await services.close();
    assert.deepEqual([web?.host, admin?.host], ['0.0.0.0', '127.0.0.1']);
  });

  test('without an address the declared port is taken, on this machine alone', async () => {
    const services = await open({ admin: anyPort }).catch((error: unknown) => {
      assert.ok(code('HOST_LISTEN_FAILED')(error));
      return undefined;
    });
    // Somebody else may have the port.
    if (services !== undefined) assert.deepEqual(services.streams.listeners['web'], { host: '127.0.0.1', port: 8443 });
    await services?.close();
  });
});
