import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { MAX_STREAMS } from '@enclos/edl';
import { superviseEnclave } from '@enclos/host';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { freePort } from '@enclos/testkit';
import { pieces } from '@enclos/process-kit/enclaves/pieces';
import { streams } from '@enclos/process-kit/enclaves/streams';
import { createWorkshop, descendants, refusedWith, type SignedImage } from '@enclos/process-kit';
import { ioCalls, isRunning, until } from '@enclos/process-kit/processes/process-watch';
import { startProgram } from '@enclos/process-kit/processes/programs';
import { addressOf, loadStreams, type Streams } from '@enclos/process-kit/hosts/streams-host';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
before(async () => {
  platform = await workshop.startPlatform('here');
});
after(() => workshop.close());

const mebibyte = 2 ** 20;
const generousMs = 60_000;
const open = new Set<Socket | Server>();
const enclaves = new Set<Streams>();

afterEach(async () => {
  for (const end of open) {
    if ('destroy' in end) end.destroy();
    else end.close();
  }
  open.clear();
  for (const enclave of enclaves) await enclave.dispose();
  enclaves.clear();
});

function client(enclave: Streams, listener = 'first'): Socket {
  const socket = connect({ ...addressOf(enclave, listener), allowHalfOpen: true, noDelay: true });
  socket.on('error', () => undefined);
  open.add(socket);
  return socket;
}

/** A server outside, to which the enclave may connect. */
async function upstream(
  serve: (socket: Socket) => void,
): Promise<{ readonly connect: { upstream: { port: number; host: string } } }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket.on('error', () => undefined));
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  open.add(server);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { connect: { upstream: { host: '127.0.0.1', port } } };
}

/** An echo is a write and a read of the client, which is in this process, and a read and a write of the host. */
const callsOfEcho = 4;

/** Sends a piece, and takes as many bytes back. */
function exchange(socket: Socket, piece: Buffer): Promise<void> {
  return new Promise((resolve) => {
    let missing = piece.length;
    const take = (bytes: Buffer): void => {
      missing -= bytes.length;
      if (missing > 0) return;
      socket.off('data', take);
      resolve();
    };
    socket.on('data', take);
    socket.write(piece);
  });
}

/** The other side has ended it. The system resets a connection with bytes that a process has not read. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.resume().once('end', resolve).once('close', resolve));
}

async function text(socket: Socket): Promise<string> {
  let all = '';
  for await (const chunk of socket) all += String(chunk);
  return all;
}

/** Waits until a number no longer changes. */
async function settled(read: () => Promise<number> | number): Promise<number> {
  let last = -1;
  for (let same = 0; same < 3;) {
    await sleep(100);
    const now = await read();
    same = now === last ? same + 1 : 0;
    last = now;
  }
  return last;
}

const transports = {
  relayed: { listenerConnections: MAX_STREAMS },
  // Two listeners share.
  passed: { listenerConnections: MAX_STREAMS / 2 },
} as const;

for (const transport of ['relayed', 'passed'] as const) {
  describe(`${transport} streams`, () => {
    let signed: SignedImage;
    before(async () => {
      signed = await workshop.signed('streams', { transport });
    });

    async function load(options: Parameters<typeof loadStreams>[2] = {}): Promise<Streams> {
      const enclave = await loadStreams(platform, signed, options);
      enclaves.add(enclave);
      return enclave;
    }

    describe('bytes', () => {
      test('100 MiB to a listener and back are the same bytes, in pieces of any size', async () => {
        const enclave = await load();
        await enclave.call.serve({ listener: 'first', manner: 'echo' });
        const socket = client(enclave);
        const [sent, received] = [createHash('sha256'), createHash('sha256')];
        let receivedBytes = 0;
        socket.on('data', (chunk: Buffer) => {
          received.update(chunk);
          receivedBytes += chunk.length;
        });
        for (const piece of pieces(100 * mebibyte, 1)) {
          sent.update(piece);
          if (!socket.write(piece)) await once(socket, 'drain');
        }
        socket.end();
        await once(socket, 'end');
        assert.equal(receivedBytes, 100 * mebibyte);
        assert.equal(received.digest('hex'), sent.digest('hex'));
      });

      test('100 MiB to a destination and back are the same bytes, in pieces of any size', async () => {
        const enclave = await load(await upstream((socket) => void socket.pipe(socket)));
        const sizeBytes = 100 * mebibyte;
        const { sent, received, receivedBytes } = await enclave.call.exchange({
          destination: 'upstream',
          sizeBytes,
          seed: 2,
        });
        assert.equal(receivedBytes, sizeBytes);
        assert.deepEqual(received, sent);
      });

      test('each direction ends on its own, whoever ends first', async () => {
        const enclave = await load();
        await enclave.call.serve({ listener: 'first', manner: 'answer' });
        await enclave.call.serve({ listener: 'second', manner: 'greet' });
        const asking = client(enclave, 'first');
        asking.end(Buffer.alloc(mebibyte));
        assert.equal(await text(asking), String(mebibyte));
        const greeted = client(enclave, 'second');
        let greeting = '';
        greeted.on('data', (chunk: Buffer) => void (greeting += chunk.toString()));
        await once(greeted, 'end');
        assert.equal(greeting, 'hello');
        greeted.end('after the end');
        for (let read = 0; read < 13;) {
          read = Number((await enclave.call.counts()).read);
          await sleep(10);
        }
      });

      test('TLS ends inside, with a key that was made there', async () => {
        const enclave = await load();
        await enclave.call.serve({ listener: 'first', manner: 'tls' });
        const ca = await enclave.call.certificate();
        const socket = connectTls({ ...addressOf(enclave, 'first'), ca, servername: 'streams.test' });
        open.add(socket);
        await once(socket, 'secureConnect');
        assert.ok(socket.authorized);
        const [sent, received] = [createHash('sha256'), createHash('sha256')];
        let missing = 8 * mebibyte;
        socket.on('data', (chunk: Buffer) => {
          received.update(chunk);
          missing -= chunk.length;
        });
        for (const piece of pieces(8 * mebibyte, 3)) {
          sent.update(piece);
          if (!socket.write(piece)) await once(socket, 'drain');
        }
        await until('all is back', () => missing <= 0, generousMs);
        assert.equal(received.digest('hex'), sent.digest('hex'));
      });

      test('a client that breaks its handshake does the enclave no harm', async () => {
        const enclave = await load();
        await enclave.call.serve({ listener: 'first', manner: 'tls' });
        const garbage = client(enclave);
        garbage.write('GET / HTTP/1.1\r\n\r\n');
        garbage.on('end', () => void garbage.destroy());
        await once(garbage.resume(), 'close');
        const broken = client(enclave);
        await once(broken, 'connect');
        broken.resetAndDestroy();
        const ca = await enclave.call.certificate();
        const right = connectTls({ ...addressOf(enclave, 'first'), ca, servername: 'streams.test' });
        open.add(right);
        right.write('x');
        await once(right, 'data');
        // One that broke on its way inside was never a connection there.
        const deadline = performance.now() + generousMs;
        for (let counts = await enclave.call.counts(); counts.ended < counts.accepted - 1;) {
          assert.ok(performance.now() < deadline, `${counts.ended} of ${counts.accepted} have ended`);
          await sleep(10);
          counts = await enclave.call.counts();
        }
        assert.equal(await enclave.call.ask(), 'answer');
      });
    });

    describe('back-pressure', () => {
      const allowance = 24 * mebibyte;

      test('an enclave that writes without end to a peer that does not read stands still', async () => {
        const enclave = await load();
        await enclave.call.serve({ listener: 'first', manner: 'flood' });
        const start = { enclave: await enclave.call.memory(), host: process.memoryUsage().arrayBuffers };
        const socket = client(enclave).pause();
        const written = await settled(async () => Number((await enclave.call.counts()).written));
        assert.ok(written > 0 && written < allowance, `${written} bytes were written`);
        assert.ok(Number((await enclave.call.memory()) - start.enclave) < allowance);
        assert.ok(process.memoryUsage().arrayBuffers - start.host < allowance);
        // And goes on once somebody reads.
        socket.resume();
        await until('more is written', () => socket.bytesRead > written + allowance, generousMs);
      });

      test('a peer that writes without end to an enclave that does not read stands still', async () => {
        const enclave = await load();
        await enclave.call.serve({ listener: 'first', manner: 'hold' });
        const start = { enclave: await enclave.call.memory(), host: process.memoryUsage().arrayBuffers };
        const socket = client(enclave);
        let taken = 0;
        const chunk = Buffer.alloc(65_536);
        const flood = (): void => {
          while (socket.write(chunk, () => void (taken += chunk.length)));
        };
        socket.on('drain', flood);
        flood();
        await settled(() => taken);
        assert.ok(taken < allowance, `${taken} bytes were taken`);
        assert.ok(Number((await enclave.call.memory()) - start.enclave) < allowance);
        assert.ok(process.memoryUsage().arrayBuffers - start.host < allowance);
      });
    });

    describe('many connections', () => {
      test('as many as an enclave may have are served at once, and the next ones when there is room', async () => {
        const enclave = await load();
        await enclave.call.serve({ listener: 'first', manner: 'echo' });
        const most = transports[transport].listenerConnections;
        const sockets = Array.from({ length: most + 20 }, () => client(enclave));
        let echoes = 0;
        for (const socket of sockets) socket.once('data', () => void (echoes += 1)).write('x');
        await until('those that may be are served', () => echoes === most, generousMs);
        // The streams that wait take nothing from ordinary calls, in either direction: `maxPendingCalls` is 4.
        const answers = await Promise.all(Array.from({ length: 4 }, () => enclave.call.ask()));
        assert.deepEqual(answers, ['answer', 'answer', 'answer', 'answer']);
        assert.equal(echoes, most);
        for (const socket of sockets.slice(0, 30)) socket.end();
        await until('the rest is served', () => echoes === sockets.length, generousMs);
      });

      if (transport === 'relayed') {
        test('that speak at once cost no more than their own reads and writes, and a few of the gate', async () => {
          const enclave = await load();
          await enclave.call.serve({ listener: 'first', manner: 'echo' });
          const sockets = Array.from({ length: 64 }, () => client(enclave));
          const round = async (): Promise<void> => {
            await Promise.all(sockets.map((socket) => exchange(socket, Buffer.alloc(512, 1))));
          };
          for (let i = 0; i < 5; i++) await round();
          const start = ioCalls(process.pid);
          const rounds = 40;
          for (let i = 0; i < rounds; i++) await round();
          const end = ioCalls(process.pid);
          const calls = (end.reads - start.reads + end.writes - start.writes) / (rounds * sockets.length);
          const ofGate = calls - callsOfEcho;
          // One for each frame would be two.
          assert.ok(ofGate < 0.5, `${ofGate.toFixed(2)} reads and writes of the gate for a request`);
        });
      }

      test('a destination beyond the limit is refused inside, with its code', async () => {
        const enclave = await load(await upstream(() => undefined));
        for (let i = 0; i < MAX_STREAMS; i++) await enclave.call.hold({ destination: 'upstream' });
        await assert.rejects(enclave.call.hold({ destination: 'upstream' }), refusedWith('STREAM_LIMIT'));
      });
    });

    describe('what is not declared or does not answer', () => {
      test('an undeclared name is refused inside, before the host is asked', async () => {
        const enclave = await load();
        for (const name of ['other', 'first', 'constructor']) {
          await assert.rejects(enclave.call.hold({ destination: name }), refusedWith('STREAM_NOT_DECLARED'));
        }
        for (const listener of ['other', 'upstream']) {
          await assert.rejects(enclave.call.serve({ listener, manner: 'echo' }), refusedWith('STREAM_NOT_DECLARED'));
        }
      });

      test('a destination that nobody serves is an error with a code, and an enclave that lives on', async () => {
        const enclave = await load({ connect: { upstream: { host: '127.0.0.1', port: await freePort() } } });
        await assert.rejects(enclave.call.hold({ destination: 'upstream' }), refusedWith('STREAM_CONNECT_FAILED'));
        assert.equal(await enclave.call.ask(), 'answer');
      });

      test('a listener that is no longer served keeps its connections and takes no new ones', async () => {
        const enclave = await load();
        await enclave.call.serve({ listener: 'first', manner: 'echo' });
        const early = client(enclave);
        early.write('x');
        await once(early, 'data');
        await enclave.call.stop();
        client(enclave).write('x');
        early.write('y');
        await once(early, 'data');
        assert.equal((await enclave.call.counts()).accepted, 1);
        // Served again, it takes connections again.
        await enclave.call.serve({ listener: 'first', manner: 'echo' });
        const again = client(enclave);
        again.write('z');
        await once(again, 'data');
      });
    });

    describe('the end of an enclave with open streams', () => {
      async function withOpenStreams(): Promise<{ readonly enclave: Streams; readonly ended: Promise<unknown> }> {
        const enclave = await load(await upstream((socket) => void socket.resume()));
        await enclave.call.serve({ listener: 'first', manner: 'echo' });
        await enclave.call.serve({ listener: 'second', manner: 'hold' });
        await enclave.call.hold({ destination: 'upstream' });
        const sockets = [client(enclave, 'first'), client(enclave, 'second')];
        for (const socket of sockets) socket.write('x');
        await once(sockets[0] ?? assert.fail(), 'data');
        return { enclave, ended: Promise.all(sockets.map(gone)) };
      }

      async function assertNothingLeft(enclave: Streams): Promise<void> {
        for (const listener of ['first', 'second']) {
          const [error] = (await once(connect(addressOf(enclave, listener)), 'error')) as [NodeJS.ErrnoException];
          assert.equal(error.code, 'ECONNREFUSED');
        }
        await until('no process is left', () => descendants(platform.processId).length === 0);
      }

      test('by dispose() is orderly, and closes ports and connections', async () => {
        const { enclave, ended } = await withOpenStreams();
        await Promise.all([enclave.dispose(), ended]);
        // It ends by itself, or is ended while it does; no stream makes it fail.
        assert.notEqual((await enclave.exited).exitCode, 1);
        await assertNothingLeft(enclave);
      });

      test('by kill -9 closes ports and connections', async () => {
        const { enclave, ended } = await withOpenStreams();
        for (const id of descendants(platform.processId)) process.kill(id, 'SIGKILL');
        await Promise.all([enclave.exited, ended]);
        await enclave.dispose();
        await assertNothingLeft(enclave);
      });

      test('an enclave that does not load leaves no port open', async () => {
        const first = await load();
        const { port } = addressOf(first, 'first');
        await first.dispose();
        const listen = { first: { port }, second: { port: 0 } };
        const broken = { image: signed.image, signature: signed.signature.with(600, (signed.signature[600] ?? 0) ^ 1) };
        await assert.rejects(loadStreams(platform, broken, { listen }));
        const again = await load({ listen });
        assert.equal(addressOf(again, 'first').port, port);
      });

      test('that is supervised leaves its ports to the next one', async () => {
        const enclave = await superviseEnclave({
          ...signed,
          launcher: platform,
          interface: streams,
          isolation: 'best',
          untrusted: { answer: () => 'answer' },
          listen: { first: { port: 0 }, second: { port: 0 } },
          restart: { minDelayMs: 1 },
          onRestart: ({ call }) => call.serve({ listener: 'first', manner: 'echo' }),
          waitMs: 30_000,
        });
        const { port = 0 } = enclave.listeners['first'] ?? {};
        for (const id of descendants(platform.processId)) process.kill(id, 'SIGKILL');
        await until('it was started again', () => enclave.restarts === 1, generousMs);
        // Waits until the next one serves.
        assert.equal(await enclave.call.ask(), 'answer');
        const socket = connect(port, '127.0.0.1').on('error', () => undefined);
        open.add(socket);
        socket.write('x');
        await once(socket, 'data');
        await enclave.dispose();
      });

      test('and of its host, by kill -9, leaves no process, no port and no connection', async () => {
        const folder = workshop.subfolder(`program-${transport}`);
        const files = [join(folder, 'image'), join(folder, 'signature')] as const;
        writeFileSync(files[0], signed.image);
        writeFileSync(files[1], signed.signature);
        const program = fileURLToPath(import.meta.resolve('@enclos/process-kit/hosts/streams-program'));
        const words = [process.execPath, program, workshop.stateFolder('program'), ...files];
        const host = startProgram(words, { cwd: folder });
        const [line] = await host.until(/^\{.*\}$/m);
        const said = JSON.parse(line) as { readonly platform: number; readonly port: number };
        const processes = [said.platform, ...descendants(said.platform)];
        const socket = connect(said.port, '127.0.0.1').on('error', () => undefined);
        open.add(socket);
        socket.write('x');
        await once(socket, 'data');
        const ended = once(socket, 'close');
        host.child.kill('SIGKILL');
        await ended;
        await until('platform and enclave are gone', () => !processes.some(isRunning));
        const [error] = (await once(connect(said.port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
        assert.equal(error.code, 'ECONNREFUSED');
      });
    });
  });
}
