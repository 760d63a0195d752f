import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import {
  failsWith,
  postgresPassword as password,
  postgresTest,
  startPostgres,
  type PostgresServer,
} from '@enclos/testkit';
import { sealedProtection, openTestState } from '../records.ts';
import { openStore, openPostgresStore } from '../../src/stores/index.ts';
import { storeHandlers, type Store } from '../../src/store/index.ts';
import { configurationDigest, issuer, sealingOf } from '../replicas.ts';
import { adding, certificate } from '../state/scene.ts';
import { checkConcurrency, checkContract } from './contract.ts';
import { service } from './folder.ts';

let started: Promise<PostgresServer> | undefined;
const server = (): Promise<PostgresServer> => (started ??= startPostgres());
after(async () => (await started)?.remove());

const unavailable = failsWith('SERVICE_STORE_UNAVAILABLE');
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** Also what is behind the error. */
function textOf(error: unknown): string {
  return error instanceof Error ? `${error.message} ${String(error.stack)} ${textOf(error.cause)}` : String(error);
}

postgresTest('a database is a store, and has all when it is opened again', async () => {
  const url = await (await server()).database();
  const store = await openStore({ url }, { service });
  await checkContract(store);
  const before = await store.read('a');
  await store.close();
  const again = await openStore({ url }, { service });
  assert.deepEqual(await again.read('a'), before);
  await again.close();
});

postgresTest('eight writers with connections of their own lose nothing', async () => {
  const url = await (await server()).database();
  const stores = await Promise.all(
    Array.from({ length: 8 }, () => openPostgresStore(url, { service, maximumConnections: 1 })),
  );
  await checkConcurrency(stores, 10);
  await Promise.all(stores.map((store) => store.close()));
});

postgresTest('replicas that start at once make one table', async () => {
  const url = await (await server()).database();
  const stores = await Promise.all(Array.from({ length: 12 }, () => openPostgresStore(url, { service })));
  const written = await Promise.all(stores.map((store, index) => store.write('first', 0n, bytes(`${index}`))));
  assert.equal(written.filter(Boolean).length, 1);
  await Promise.all(stores.map((store) => store.close()));
});

postgresTest('a user who may not make tables uses the one that is there', async () => {
  const { database, query } = await server();
  const url = await database();
  await (await openPostgresStore(url, { service })).close();
  await query(url, `CREATE ROLE reader LOGIN PASSWORD '${password}'`);
  await query(url, 'GRANT SELECT, INSERT, UPDATE, DELETE ON enclos_test TO reader');
  await query(url, 'GRANT USAGE ON SEQUENCE enclos_test_version TO reader');
  const asReader = await openPostgresStore(url.replace('tester', 'reader'), { service });
  assert.equal(await asReader.write('a', 0n, bytes('x')), true);
  await asReader.close();
  const empty = await database();
  await assert.rejects(openPostgresStore(empty.replace('tester', 'reader'), { service }), unavailable);
});

for (const mode of ['orderly', 'crash'] as const) {
  postgresTest(`after an ${mode} restart of the server a store that is open goes on`, async () => {
    const running = await server();
    const lost: Error[] = [];
    const store = await openPostgresStore(await running.database(), {
      service,
      onConnectionLost: (error) => lost.push(error),
    });
    await store.write('a', 0n, bytes('one'));
    // Several connections, each of which is cut.
    await Promise.all(Array.from({ length: 8 }, () => store.read('a')));
    await running.restart(mode);
    const row = (await store.read('a')) ?? assert.fail();
    assert.deepEqual(row.bytes, bytes('one'));
    assert.ok(lost.length > 0, 'nobody was told that connections broke');
    assert.equal(await store.write('a', row.version, bytes('two')), true);
    await store.close();
  });
}

/** One replica: its own connections and state, in a loop of changes until `isOver`. */
async function keepChanging(
  store: Store,
  name: string,
  isOver: () => boolean,
): Promise<{ kept: string[]; failed: number }> {
  const { storeRead, storeWrite } = storeHandlers(store);
  const state = await openTestState({
    store: {
      storeRead: async (args) => storeRead(args, undefined),
      storeWrite: async (args) => storeWrite(args, undefined),
    },
    protection: sealedProtection(sealing),
    issuer,
    configurationDigest,
    replica: name,
    nowMs: () => performance.now(),
  });
  const kept: string[] = [];
  let failed = 0;
  for (let number = 0; !isOver(); number++) {
    const text = `${name} ${number}`;
    try {
      await state.update(adding(text));
      kept.push(certificate(text));
    } catch (error) {
      assert.ok(
        isEnclosError(error, 'SERVICE_STORE_UNAVAILABLE') || isEnclosError(error, 'SERVICE_STATE_BUSY'),
        String(error),
      );
      failed++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return { kept, failed };
}

const sealing = sealingOf(new Uint8Array(32).fill(3));

postgresTest(
  'three replicas change one state while the server is restarted: no acknowledged change is lost',
  async () => {
    const running = await server();
    const url = await running.database();
    const stores = await Promise.all(Array.from({ length: 3 }, () => openPostgresStore(url, { service })));
    let isOver = false;
    const replicas = stores.map((store, index) => keepChanging(store, `replica-${index}`, () => isOver));
    for (const mode of ['orderly', 'crash'] as const) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      await running.restart(mode);
    }
    await new Promise((resolve) => setTimeout(resolve, 400));
    isOver = true;
    const results = await Promise.all(replicas);
    const { storeRead, storeWrite } = storeHandlers(stores[0] ?? assert.fail());
    const state = await openTestState({
      store: {
        storeRead: async (args) => storeRead(args, undefined),
        storeWrite: async (args) => storeWrite(args, undefined),
      },
      protection: sealedProtection(sealing),
      issuer,
      configurationDigest,
      replica: 'last',
      nowMs: () => performance.now(),
    });
    const { epoch, document } = await state.read();
    const there = new Set(document.items);
    for (const { kept } of results) {
      assert.ok(kept.length > 0, 'a replica got nothing done');
      for (const each of kept) assert.ok(there.has(each), `lost: ${each}`);
    }
    assert.equal(there.size, document.items.length, 'a change was made twice');
    assert.equal(epoch, document.items.length);
    await Promise.all(stores.map((store) => store.close()));
  },
);

postgresTest('a server that is down is an error within a bound, and is used again when it is up', async () => {
  const running = await server();
  const url = await running.database();
  const store = await openPostgresStore(url, { service, connectTimeoutMs: 10_000 });
  await store.write('a', 0n, bytes('one'));
  await running.stop();
  const began = performance.now();
  await assert.rejects(store.read('a'), unavailable);
  await assert.rejects(store.write('b', 0n, bytes('x')), unavailable);
  assert.ok(performance.now() - began < 30_000);
  await assert.rejects(
    openPostgresStore(url, { service }),
    (error) => unavailable(error) && !textOf(error).includes(password),
  );
  await running.start();
  assert.deepEqual((await store.read('a'))?.bytes, bytes('one'));
  await store.close();
});

postgresTest('a statement that is held up ends in time, and does not count', async () => {
  const running = await server();
  const url = await running.database();
  const store = await openPostgresStore(url, { service, statementTimeoutMs: 2000 });
  await store.write('a', 0n, bytes('one'));
  const row = (await store.read('a')) ?? assert.fail();
  const holder = running.query(url, 'BEGIN; LOCK TABLE enclos_test; SELECT pg_sleep(10); COMMIT');
  const isLocked = `SELECT 'held' FROM pg_locks WHERE relation = 'enclos_test'::regclass AND mode = 'AccessExclusiveLock' AND granted`;
  while (!(await running.query(url, isLocked)).includes('held'));
  await assert.rejects(store.write('a', row.version, bytes('two')), unavailable);
  await holder;
  assert.deepEqual(await store.read('a'), row);
  await store.close();
});

postgresTest('a wrong password is an error that does not say it', async () => {
  const url = (await (await server()).database()).replace(password, 'another-secret');
  await assert.rejects(
    openPostgresStore(url, { service }),
    (error) => unavailable(error) && !textOf(error).includes('another-secret'),
  );
});

test('what is no address of PostgreSQL is refused, without being repeated', async () => {
  for (const url of ['', 'mysql://u:hidden@h/d', 'hidden', '/hidden/folder', 'postgres//hidden']) {
    const isRefused = failsWith('SERVICE_STORE_REFUSED');
    await assert.rejects(
      openPostgresStore(url, { service }),
      (error) => isRefused(error) && !textOf(error).includes('hidden'),
    );
  }
});

test('a server that takes connections and says nothing is an error in time', async (t) => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const { port } = silent.address() as AddressInfo;
  const began = performance.now();
  await assert.rejects(
    openPostgresStore(`postgres://u:p@127.0.0.1:${port}/d`, { service, connectTimeoutMs: 300 }),
    unavailable,
  );
  assert.ok(performance.now() - began < 30_000);
});

test('TLS that the URL asks for is not done without', async (t) => {
  const asked: number[] = [];
  // An SSLRequest (PostgreSQL section 55.2.10) is answered with N: no TLS here.
  const plain = createServer((socket) =>
    socket
      .on('error', () => undefined)
      .on('data', (data) => {
        asked.push(data.readUInt32BE(4));
        socket.write('N');
      }),
  );
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  t.after(() => plain.close());
  const { port } = plain.address() as AddressInfo;
  const url = `postgres://u:p@127.0.0.1:${port}/d?sslmode=verify-full`;
  await assert.rejects(openPostgresStore(url, { service, connectTimeoutMs: 1000 }), unavailable);
  assert.deepEqual([...new Set(asked)], [80_877_103]);
});
