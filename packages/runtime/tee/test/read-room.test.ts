import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectFrugally, readInto } from '../src/software/connect.ts';

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
