import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { duplexPair, until } from '@enclos/testkit';
import { freeReads } from '../../src/platform/freed-reads.ts';
import { temporaryFolder } from '../support.ts';

async function accepted(t: TestContext): Promise<readonly [host: Socket, connection: Socket]> {
  const path = join(temporaryFolder(), 'socket');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const host = connect(path);
  const [connection] = (await once(server, 'connection')) as [Socket];
  t.after(() => {
    host.destroy();
    connection.destroy();
    server.close();
  });
  return [host, connection];
}

test('the memory of a large read is freed when it was looked at, and that of a small one is left', async (t) => {
  const [host, connection] = await accepted(t);
  const chunks: Uint8Array[] = [];
  const seen: number[] = [];
  connection.on('data', (chunk: Uint8Array) => {
    chunks.push(chunk);
    seen.push(...chunk);
  });
  freeReads(connection);
  const sent = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
  host.write(sent);
  await until('all has come', () => seen.length === sent.length);
  host.write(Uint8Array.of(1, 2, 3));
  await until('more has come', () => seen.length === sent.length + 3);
  assert.deepEqual(Uint8Array.from(seen.slice(0, -3)), sent);
  assert.ok(chunks.some(({ buffer }) => buffer.byteLength === 0));
  assert.deepEqual([...(chunks.at(-1) ?? [])], [1, 2, 3]);
});

test('memory that a stream shares is left alone', async () => {
  const [host, connection] = duplexPair();
  const kept: Uint8Array[] = [];
  connection.on('data', (chunk: Uint8Array) => kept.push(chunk));
  freeReads(connection);
  const sent = new Uint8Array(65_536).fill(5);
  host.write(sent);
  await until('it has come', () => kept.length > 0);
  assert.ok(sent.includes(5) && kept.every((chunk) => chunk.includes(5)));
});
