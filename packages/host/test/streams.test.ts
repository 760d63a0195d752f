import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { utf8 } from '@enclos/codec';
import {
  createCaller,
  MAX_STREAM_CHUNK_BYTES,
  MAX_STREAM_WRITES,
  MAX_STREAMS,
  systemInterface,
  type Caller,
} from '@enclos/edl';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { pinnedInterpreter, type EnclaveManifest } from '@enclos/manifest';
import { openServices, type HostServices } from '../src/services.ts';
import type { StreamAddress } from '../src/addresses.ts';

const manifest: EnclaveManifest = {
  name: 'sample',
  productId: 1,
  securityVersion: 1,
  debug: false,
  threads: 1,
  heapSizeBytes: 16n * 1024n * 1024n,
  interfaceDigest: new Uint8Array(32),
  interpreter: pinnedInterpreter,
  environment: [],
  trustedFiles: [],
  mounts: [],
  listen: [
    { name: 'web', port: 8443 },
    { name: 'admin', port: 8444 },
  ],
  connect: [{ name: 'database', host: 'database.invalid', port: 5432 }],
  limits: { maxFrameBytes: 2 ** 20, maxQueuedCalls: 1, maxPendingCalls: 1, maxDepth: 1 },
};
const anyPort = { port: 0 };
const folders = { mounts: {}, trustedFiles: {} };

function code(...codes: readonly ErrorCode[]): (error: unknown) => boolean {
  return (error) => isEnclosError(error) && codes.includes(error.code);
}

/** What an enclave could ask the host for, whatever the trusted runtime would ask. */
type Asked = Caller<(typeof systemInterface)['untrusted']>;

describe('the host stream service', () => {
  let services: HostServices;
  let enclave: Asked;
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
      streams: { listen: { web: anyPort, admin: anyPort }, connect: { database: { host: '127.0.0.1', port } } },
    });
    enclave = asked();
  });
  afterEach(async () => {
    for (const socket of [...clients.splice(0), ...arrived]) socket.destroy();
    await services.close();
    await new Promise((resolve) => upstream.close(resolve));
  });

  /** Calls as the gate carries them out: an abort of `signal` is the end of the caller's waiting. */
  function asked(signal = new AbortController().signal): Asked {
    return createCaller(systemInterface.untrusted, async ({ index, payload }) =>
      services.dispatch(index, payload, { signal }),
    );
  }

  function client(listener = 'web'): Socket {
    const address = services.listeners[listener];
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
    assert.match(await enclave.streamAccept({ listener: 'web', stream: 1 }), /^127\.0\.0\.1 \d+$/);
    socket.write('question');
    assert.deepEqual(await enclave.streamRead({ stream: 1 }), utf8('question'));
    socket.end();
    assert.deepEqual(await enclave.streamRead({ stream: 1 }), new Uint8Array());
    // After the end there is nothing but the end, and the other direction goes on.
    assert.deepEqual(await enclave.streamRead({ stream: 1 }), new Uint8Array());
    await enclave.streamWrite({ stream: 1, content: utf8('ans') });
    await enclave.streamWrite({ stream: 1, content: utf8('wer') });
    await enclave.streamEnd({ stream: 1 });
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    assert.equal(answer, 'answer');
  });

  test('an end by the enclave leaves the other direction open', async () => {
    const socket = client();
    await enclave.streamAccept({ listener: 'web', stream: 1 });
    await enclave.streamEnd({ stream: 1 });
    socket.resume();
    await once(socket, 'end');
    socket.write('still here');
    assert.deepEqual(await enclave.streamRead({ stream: 1 }), utf8('still here'));
  });

  test('connects to a declared destination', async () => {
    await enclave.streamConnect({ destination: 'database', stream: 7 });
    const socket = await upstreamSocket();
    await enclave.streamWrite({ stream: 7, content: utf8('select') });
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    assert.equal(chunk.toString(), 'select');
  });

  test('reaches nothing that the manifest does not declare', async () => {
    for (const name of ['other', 'database.invalid', '127.0.0.1', 'constructor', '__proto__', 'web']) {
      await assert.rejects(enclave.streamConnect({ destination: name, stream: 1 }), code('STREAM_NOT_DECLARED'));
    }
    for (const name of ['database', '8443', 'constructor']) {
      await assert.rejects(enclave.streamAccept({ listener: name, stream: 1 }), code('STREAM_NOT_DECLARED'));
    }
    assert.equal(arrived.length, 0);
  });

  test('a listener gives its own connections and no others', async () => {
    client('admin');
    const abort = new AbortController();
    const web = asked(abort.signal).streamAccept({ listener: 'web', stream: 1 });
    await enclave.streamAccept({ listener: 'admin', stream: 2 });
    abort.abort();
    await assert.rejects(web, code('GATE_CANCELLED'));
  });

  test('a stream that is not open is refused, for every operation', async () => {
    const content = utf8('x');
    for (const stream of [0, 1, 2 ** 32 - 1]) {
      await assert.rejects(enclave.streamRead({ stream }), code('STREAM_REFUSED'));
      await assert.rejects(enclave.streamWrite({ stream, content }), code('STREAM_REFUSED'));
      await assert.rejects(enclave.streamEnd({ stream }), code('STREAM_REFUSED'));
      await enclave.streamClose({ stream });
    }
  });

  test('a number in use is refused, and the connection that waits is not lost', async () => {
    client();
    await enclave.streamAccept({ listener: 'web', stream: 1 });
    client();
    await assert.rejects(enclave.streamAccept({ listener: 'web', stream: 1 }), code('STREAM_REFUSED'));
    await enclave.streamAccept({ listener: 'web', stream: 2 });
  });

  test('one read at a time, and few writes', async () => {
    const socket = client();
    await enclave.streamAccept({ listener: 'web', stream: 1 });
    const first = enclave.streamRead({ stream: 1 });
    await assert.rejects(enclave.streamRead({ stream: 1 }), code('STREAM_REFUSED'));
    socket.write('a');
    assert.deepEqual(await first, utf8('a'));
    const content = new Uint8Array(MAX_STREAM_CHUNK_BYTES);
    // The client reads nothing: the kernel takes some megabytes, then the writes wait.
    const writes: Promise<unknown>[] = [];
    for (let i = 0; i < 200; i++) {
      writes.push(enclave.streamWrite({ stream: 1, content }).catch((error: unknown) => error));
      if (i % MAX_STREAM_WRITES === 0) await turn();
    }
    await enclave.streamClose({ stream: 1 });
    assert.ok((await Promise.all(writes)).some(code('STREAM_REFUSED')));
  });

  test('nothing is read ahead of a peer that sends without end', async () => {
    const socket = client();
    await enclave.streamAccept({ listener: 'web', stream: 1 });
    let taken = 0;
    const flood = (): void => {
      for (;;) if (!socket.write(Buffer.alloc(65_536), () => void (taken += 65_536))) return;
    };
    socket.on('drain', flood);
    flood();
    // The kernel's buffers fill, then the client stands still for as long as nobody reads.
    let before = -1;
    while (before !== taken) {
      before = taken;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.ok(taken < 64 * 2 ** 20, `${taken} bytes were taken`);
    const piece = await enclave.streamRead({ stream: 1 });
    assert.ok(piece.length > 0 && piece.length <= MAX_STREAM_CHUNK_BYTES);
  });

  test('a broken connection breaks the read under way, and what follows', async () => {
    const socket = client();
    await enclave.streamAccept({ listener: 'web', stream: 1 });
    const read = enclave.streamRead({ stream: 1 });
    socket.resetAndDestroy();
    await assert.rejects(read, code('STREAM_BROKEN'));
    await assert.rejects(enclave.streamRead({ stream: 1 }), code('STREAM_BROKEN'));
    await assert.rejects(enclave.streamWrite({ stream: 1, content: utf8('x') }), code('STREAM_BROKEN'));
  });

  test('a close ends what waits, and the peer sees it', async () => {
    const socket = client();
    await enclave.streamAccept({ listener: 'web', stream: 1 });
    const read = enclave.streamRead({ stream: 1 });
    socket.resume();
    const ended = once(socket, 'close');
    socket.on('end', () => socket.end());
    await enclave.streamClose({ stream: 1 });
    await assert.rejects(read, code('STREAM_BROKEN'));
    await ended;
  });

  test('a close also ends the waiting for a connection, which the next one gets', async () => {
    const waiting = enclave.streamAccept({ listener: 'web', stream: 1 });
    await enclave.streamClose({ stream: 1 });
    await assert.rejects(waiting, code('GATE_CANCELLED'));
    client();
    await enclave.streamAccept({ listener: 'web', stream: 1 });
  });

  test('an aborted accept takes no connection', async () => {
    const abort = new AbortController();
    const waiting = asked(abort.signal).streamAccept({ listener: 'web', stream: 1 });
    abort.abort();
    await assert.rejects(waiting, code('GATE_CANCELLED'));
    await assert.rejects(asked(abort.signal).streamAccept({ listener: 'web', stream: 2 }), code('GATE_CANCELLED'));
    client();
    await enclave.streamAccept({ listener: 'web', stream: 3 });
  });

  test('a destination that cannot be reached says no more than that', async () => {
    await new Promise((resolve) => upstream.close(resolve));
    await assert.rejects(enclave.streamConnect({ destination: 'database', stream: 1 }), code('STREAM_CONNECT_FAILED'));
    // The number is free again.
    await assert.rejects(enclave.streamConnect({ destination: 'database', stream: 1 }), code('STREAM_CONNECT_FAILED'));
    upstream.listen();
  });

  test('more streams than allowed are refused, those included that are waited for', async () => {
    const waiting = Array.from({ length: MAX_STREAMS }, (_, stream) =>
      enclave.streamAccept({ listener: 'web', stream }).catch((error: unknown) => error),
    );
    await assert.rejects(enclave.streamAccept({ listener: 'web', stream: 1000 }), code('STREAM_LIMIT'));
    await assert.rejects(enclave.streamConnect({ destination: 'database', stream: 1000 }), code('STREAM_LIMIT'));
    await enclave.streamClose({ stream: 5 });
    await enclave.streamConnect({ destination: 'database', stream: 1000 });
    await services.close();
    for (const outcome of await Promise.all(waiting)) assert.ok(code('GATE_CANCELLED')(outcome));
  });

  test('connections that nobody accepts are few, and the rest is closed', async () => {
    const sockets = Array.from({ length: 520 }, () => client());
    const closed = sockets.map((socket) => once(socket.resume(), 'end'));
    await Promise.race(closed);
    // The first are kept, in their order.
    sockets[0]?.write('first');
    await enclave.streamAccept({ listener: 'web', stream: 1 });
    assert.deepEqual(await enclave.streamRead({ stream: 1 }), utf8('first'));
  });

  test('its end closes ports and connections, and nothing opens any more', async () => {
    const [accepted, waiting] = [client(), client()];
    await enclave.streamAccept({ listener: 'web', stream: 1 });
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
    await assert.rejects(enclave.streamRead({ stream: 1 }), code('STREAM_REFUSED'));
    await assert.rejects(enclave.streamConnect({ destination: 'database', stream: 2 }), code('STREAM_BROKEN'));
    const [error] = (await once(client(), 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNREFUSED');
  });
});

describe('the addresses of streams', () => {
  const open = (listen: Readonly<Record<string, StreamAddress>>, to: Readonly<Record<string, StreamAddress>> = {}) =>
    openServices(manifest, { folders, streams: { listen, connect: to } });

  test('a name that the manifest does not declare is refused', async () => {
    await assert.rejects(open({ other: anyPort }), code('STREAM_NOT_DECLARED'));
    await assert.rejects(open({ web: anyPort, admin: anyPort }, { web: anyPort }), code('STREAM_NOT_DECLARED'));
  });

  test('a port in use is an error that names the listener, and leaves no other open', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'enclos-host-'));
    const web = { path: join(folder, 'web.sock') };
    const taken = await open({ web: anyPort, admin: anyPort });
    const { port = 0 } = taken.listeners['web'] ?? {};
    await assert.rejects(
      open({ web, admin: { port } }),
      (error: unknown) => code('HOST_LISTEN_FAILED')(error) && /"admin"/.test(String(error)),
    );
    assert.deepEqual(await readdir(folder), []);
    await taken.close();
    await rm(folder, { recursive: true });
  });

  test('a Unix socket is a listener too, and is gone with it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'enclos-host-'));
    const path = join(folder, 'web.sock');
    const services = await open({ web: { path }, admin: anyPort });
    assert.deepEqual(services.listeners['web'], { path });
    await services.close();
    assert.deepEqual(await readdir(folder), []);
    await rm(folder, { recursive: true });
  });

  test('without an address the declared port is taken, on this machine alone', async () => {
    const services = await open({ admin: anyPort }).catch((error: unknown) => {
      assert.ok(code('HOST_LISTEN_FAILED')(error));
      return undefined;
    });
    // Somebody else may have the port.
    if (services !== undefined) assert.deepEqual(services.listeners['web'], { host: '127.0.0.1', port: 8443 });
    await services?.close();
  });
});
