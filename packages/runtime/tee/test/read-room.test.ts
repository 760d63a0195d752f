import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytes, createDispatcher, defineInterface, func } from '@enclos/edl';
import { until } from '@enclos/testkit';
import { openChannel } from '../src/index.ts';
import { socketWith } from '../src/passing/index.ts';
import { connectFrugally, readFrugally, readInto, transportInto } from '../src/software/connect.ts';

test('a gate reads where it is told, and into its one buffer otherwise', { timeout: 60_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-room-'));
  const server = createServer();
  t.after(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  server.listen(join(folder, 'gate'));
  await once(server, 'listening');
  const socket = connectFrugally(join(folder, 'gate'));
  const [peer] = (await once(server, 'connection')) as [Socket];
  t.after(() => void (socket.destroy(), peer.destroy()));
  const room = new Uint8Array(1000);
  let isWanted = false;
  readInto(socket, () => (isWanted ? room : undefined));
  const heard = async (text: string): Promise<Uint8Array> => {
    const chunk = once(socket, 'data') as Promise<[Uint8Array]>;
    socket.resume();
    peer.write(text);
    return (await chunk)[0];
  };
  const first = await heard('one');
  // The memory of the next read is chosen after a read.
  isWanted = true;
  const second = await heard('two');
  isWanted = false;
  const third = await heard('three');
  const fourth = await heard('four');
  assert.deepEqual(
    [first, second, third, fourth].map(({ buffer }) => buffer === room.buffer),
    [false, false, true, false],
  );
  assert.equal(first.buffer, fourth.buffer);
  assert.equal(Buffer.from(room.buffer).toString('latin1', 0, 5), 'three');
});

test('other streams have no such memory', () => {
  readInto({}, () => assert.fail('asked'));
});

test(
  'a large message of an accepted connection is read where it stays, and nothing before it is served',
  { timeout: 60_000 },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'enclos-room-'));
    const server = createServer({ pauseOnConnect: true });
    t.after(async () => {
      server.close();
      await rm(folder, { recursive: true });
    });
    server.listen(join(folder, 'socket'));
    await once(server, 'listening');
    const peer = connectFrugally(join(folder, 'socket'));
    const [connection] = (await once(server, 'connection')) as [Socket];
    const socket = readFrugally((reads) => socketWith(connection, { ...reads, allowHalfOpen: false }));
    t.after(() => void (socket.destroy(), peer.destroy()));
    const chunks: Uint8Array[] = [];
    socket.on('data', (chunk: Uint8Array) => void chunks.push(chunk));

    const sizeBytes = 1024 * 1024;
    const protocol = defineInterface({
      name: 'example',
      trusted: { put: func({ value: bytes({ exactBytes: sizeBytes }) }, bytes({ exactBytes: 1 })) },
      untrusted: {},
    });
    const refuse = (): Promise<Uint8Array> => Promise.reject(new Error('not served'));
    const client = openChannel({ stream: peer, initiator: true, protocol, serve: refuse });
    await until('the kernel has the greeting', () => peer.bytesWritten > 0 && peer.writableLength === 0);
    assert.deepEqual([socket.isPaused(), socket.bytesRead], [true, 0]);

    const memory = new Uint8Array(2 * sizeBytes);
    const seen: Uint8Array[] = [];
    const put = ({ value }: { readonly value: Uint8Array }): Uint8Array => (seen.push(value), Uint8Array.of(1));
    const calls = createDispatcher(protocol.trusted, { put });
    openChannel({
      stream: socket,
      transport: transportInto(socket),
      initiator: false,
      protocol,
      memoryFor: () => memory,
      serve: (index, payload) => calls(index, payload, undefined),
    });
    await client.ready;
    const sent = Uint8Array.from({ length: sizeBytes }, (_, at) => (at * 7) ^ (at >> 12));
    await client.invoke(0, 0, sent.slice());
    assert.deepEqual(seen, [sent]);
    const copied = chunks.filter(({ buffer }) => buffer !== memory.buffer);
    // The greeting, and the beginning of the message: its header says how much memory it needs.
    const copiedBytes = copied.reduce((sum, { length }) => sum + length, 0);
    assert.ok(copiedBytes < 3 * 65_536, `${copiedBytes} bytes were copied`);
  },
);
