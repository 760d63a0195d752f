import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { MAX_STREAMS } from '@enclos/edl';
import { isEnclosError } from '@enclos/errors';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { addressOf, loadStreams, type Streams } from '@enclos/process-kit/hosts/streams-host';
import { createWorkshop, type SignedImage } from '@enclos/process-kit';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
before(async () => {
  platform = await workshop.startPlatform('here');
});
after(() => workshop.close());

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

/** Waits until the enclave says so, with a deadline far away. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + generousMs;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, what);
    await sleep(10);
  }
}

async function client(enclave: Streams): Promise<Socket> {
  const socket = connect({ ...addressOf(enclave, 'first'), noDelay: true });
  socket.on('error', () => undefined);
  open.add(socket);
  await once(socket, 'connect');
  return socket;
}

// Two passed listeners share.
for (const [transport, most] of [
  ['relayed', MAX_STREAMS],
  ['passed', MAX_STREAMS / 2],
] as const) {
  describe(`a ${transport} connection that the enclave neither reads nor writes`, () => {
    let signed: SignedImage;
    before(async () => {
      signed = await workshop.signed('streams', { transport });
    });

    async function load(options: Parameters<typeof loadStreams>[2] = {}): Promise<Streams> {
      const enclave = await loadStreams(platform, signed, options);
      enclaves.add(enclave);
      return enclave;
    }

    for (const [what, bytes] of [
      ['that sent nothing', 0],
      ['that sent bytes', 10_000],
    ] as const) {
      test(`ends when it is reset by a peer ${what}, and gives its place to the next one`, async () => {
        const enclave = await load();
        await enclave.call.serve({ listener: 'first', manner: 'hold' });
        for (const round of [1, 2]) {
          const sockets = await Promise.all(Array.from({ length: most }, () => client(enclave)));
          await until('all are there', async () => (await enclave.call.counts()).accepted === round * most);
          for (const socket of sockets) if (bytes > 0) socket.write(Buffer.alloc(bytes));
          // Bytes that come with the reset hide it: libuv then reports an end.
          const sentBytes = BigInt(most * bytes);
          await until('the bytes are there', async () => (await enclave.call.counts()).unread === sentBytes);
          for (const socket of sockets) socket.resetAndDestroy();
          await until('all have ended', async () => (await enclave.call.counts()).ended === round * most);
        }
      });
    }

    test('and that it asked for, too', async () => {
      const sockets: Socket[] = [];
      const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined)));
      await once(server.listen(0, '127.0.0.1'), 'listening');
      open.add(server);
      // The address of a server that listens on a port is never text.
      const { port } = server.address() as AddressInfo;
      const enclave = await load({ connect: { upstream: { host: '127.0.0.1', port } } });
      for (let i = 0; i < MAX_STREAMS; i++) await enclave.call.hold({ destination: 'upstream' });
      const connects = (): Promise<boolean> =>
        enclave.call.hold({ destination: 'upstream' }).then(
          () => true,
          (error: unknown) => {
            assert.ok(isEnclosError(error, 'STREAM_LIMIT'), String(error));
            return false;
          },
        );
      assert.equal(await connects(), false);
      for (const socket of sockets) socket.resetAndDestroy();
      await until('it may have another one', connects);
    });

    test('has TLS when that begins after the first bytes have come', async () => {
      const enclave = await load();
      await enclave.call.serve({ listener: 'first', manner: 'late' });
      const ca = await enclave.call.certificate();
      const socket = connectTls({ ...addressOf(enclave, 'first'), ca, servername: 'streams.test' });
      open.add(socket);
      socket.write('hello');
      assert.equal(String((await once(socket, 'data'))[0]), 'hello');
      assert.ok(socket.authorized);
    });
  });
}
