import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, test } from 'node:test';
import { collateralApp } from '@enclos/software-sgx';
import { fetchEndorsements, itemRequest, pccs, type FetchOptions, type StoredItem } from '../src/index.ts';
import { collateralCacheFolder, openDiskCache, type DiskCache } from '../src/node/index.ts';
import { softwareSite } from './software-site.ts';
import { dayMs, now, rejection, temporaryFolder } from './support.ts';

const site = await softwareSite();
const source = pccs({ url: 'http://127.0.0.1:1' });
const facts = { tee: 'sgx', fmspc: site.vendor.fmspc.toLowerCase(), ca: 'platform' } as const;
const after = (ms: number): Date => new Date(now.getTime() + ms);

describe('a cache on disk', () => {
  let folder: string;
  let cache: DiskCache;
  let asked: string[];
  let at: Date;
  let answer: (request: Request) => Promise<Response>;
  const working = async (request: Request): Promise<Response> =>
    collateralApp(site.vendor.folder, { now: () => at }).fetch(request);
  const down = async (): Promise<Response> => new Response(null, { status: 503 });
  const fetchNow = (options: Partial<FetchOptions> = {}) =>
    fetchEndorsements(facts, {
      source,
      store: cache,
      now: () => at,
      sleep: async () => undefined,
      network: (request) => {
        asked.push(new URL(request.url).pathname.replace('/sgx/certification/v4/', ''));
        return answer(request);
      },
      ...options,
    });
  const files = (): readonly string[] => readdirSync(folder).sort();

  beforeEach(async () => {
    folder = join(temporaryFolder(), 'cache');
    cache = await openDiskCache({ folder });
    [asked, at, answer] = [[], now, working];
  });

  test('is private, and answers in place of the network', async () => {
    const first = await fetchNow();
    assert.equal(asked.length, 4);
    const second = await fetchNow();
    assert.equal(asked.length, 4);
    assert.deepEqual(second.collateral, first.collateral);
    assert.ok(second.items.every(({ origin }) => origin === 'store'));
    assert.equal(files().length, 4);
    assert.ok(files().every((name) => /^[0-9a-f]{64}\.json$/.test(name)));
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const name of files()) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
  });

  test('is by source: what one gave, another is asked for', async () => {
    await fetchNow();
    await fetchNow({ source: pccs({ url: 'http://127.0.0.1:2' }) });
    await fetchNow({ update: 'early' });
    assert.deepEqual([asked.length, files().length], [10, 10]);
  });

  test('is asked anew after a day, or in the last quarter of a lifetime', async () => {
    await fetchNow();
    at = after(dayMs);
    assert.equal((await fetchNow()).items[0]?.origin, 'store');
    at = after(dayMs + 1000);
    assert.equal((await fetchNow()).items[0]?.origin, 'network');
    asked = [];
    const month = { policy: { refreshAfterMs: 60 * dayMs } };
    at = after(20 * dayMs);
    await fetchNow(month);
    assert.deepEqual(asked, []);
    at = after(25 * dayMs);
    await fetchNow(month);
    assert.equal(asked.length, 4);
  });

  test('is asked anew when the clock went back, and when told to', async () => {
    await fetchNow();
    at = after(-1000);
    answer = (request) => collateralApp(site.vendor.folder, { now: () => now }).fetch(request) as Promise<Response>;
    await fetchNow();
    assert.equal(asked.length, 8);
    at = now;
    await fetchNow({ refresh: true });
    assert.equal(asked.length, 12);
  });

  test('serves what is old while the source fails, and says so', async () => {
    await fetchNow();
    at = after(2 * dayMs);
    for (const failing of [
      down,
      async () => Promise.reject(new TypeError('fetch failed')),
      async () => new Response('<html>'),
    ]) {
      answer = failing;
      const { items, notices } = await fetchNow();
      assert.ok(items.every(({ origin, freshness }) => origin === 'stale' && freshness === 'due'));
      assert.deepEqual(new Set(notices.map(({ kind }) => kind)), new Set(['stale']));
      assert.match(
        notices[0]?.message ?? '',
        /^It was fetched at 2026-06-01T12:00:00\.000Z and should be fetched again: /,
      );
    }
    at = after(40 * dayMs);
    const kinds = (await fetchNow()).notices.map(({ kind }) => kind);
    assert.ok(kinds.includes('expired') && kinds.includes('stale'));
  });

  test('does not hide what the source says on purpose', async () => {
    await fetchNow({ evaluationNumber: 1 });
    at = after(2 * dayMs);
    for (const [status, code] of [
      [410, 'ENDORSEMENTS_WITHDRAWN'],
      [404, 'ENDORSEMENTS_NOT_FOUND'],
    ] as const) {
      answer = async () => new Response(null, { status });
      await rejection(fetchNow({ evaluationNumber: 1 }), code);
    }
  });

  test('keeps no answer that is none, and nothing of a set that does not fit', async () => {
    for (const bad of [
      async () => new Response(null, { status: 404 }),
      async () => new Response('{}'),
      async (request: Request) => (request.url.includes('rootcacrl') ? new Response('3003020101') : working(request)),
    ]) {
      answer = bad;
      await assert.rejects(fetchNow());
      assert.deepEqual(files(), []);
    }
    answer = working;
    await fetchNow();
    assert.equal(files().length, 4);
  });

  test('works without a network, and says what it does not have', async () => {
    const missing = await rejection(fetchNow({ offline: true }), 'ENDORSEMENTS_NOT_CACHED');
    assert.match(String(missing.details['item']), /^(?:tcb-info|qe-identity|pck-crl)/);
    await fetchNow();
    asked = [];
    assert.deepEqual((await fetchNow({ offline: true })).notices, []);
    at = after(3 * dayMs);
    const { notices } = await fetchNow({ offline: true });
    assert.match(notices[0]?.message ?? '', /the network was not asked/);
    assert.deepEqual(asked, []);
  });

  test('many at once are one request for each item', async () => {
    await Promise.all(Array.from({ length: 25 }, () => fetchNow()));
    assert.equal(asked.length, 4);
    assert.equal(files().length, 4);
  });

  for (const [what, damage] of [
    ['is empty', () => ''],
    ['ends early', (text: string) => text.slice(0, -200)],
    ['has another byte', (text: string) => text.replace(/"body":"(.)/, '"body":"x$1')],
    ['has another digest', (text: string) => text.replace(/"sha256":"../, '"sha256":"00')],
    ['has a member more', (text: string) => text.replace('{', '{"more":"",')],
    ['is not JSON', () => 'damaged'],
    ['is not text', () => Buffer.from([0xff, 0xfe, 0x00])],
    ['is far too large', () => Buffer.alloc(8_000_000, 0x20)],
  ] as const) {
    test(`a file that ${what} is as good as absent, and is written again`, async () => {
      await fetchNow();
      const whole = files().map((name) => readFileSync(join(folder, name), 'utf8'));
      files().forEach((name, index) => writeFileSync(join(folder, name), damage(whole[index] ?? '')));
      assert.deepEqual(await cache.list(), []);
      asked = [];
      await fetchNow();
      assert.equal(asked.length, 4);
      assert.equal((await cache.list()).length, 4);
    });
  }

  test('a file under the name of another, a link, and a folder are nothing', async () => {
    await fetchNow();
    const [first = '', second = '', third = ''] = files();
    writeFileSync(join(folder, first), readFileSync(join(folder, second)));
    rmSync(join(folder, second));
    symlinkSync('/dev/zero', join(folder, second));
    rmSync(join(folder, third));
    mkdirSync(join(folder, third));
    assert.equal((await cache.list()).length, 1);
    const { notices } = await fetchNow();
    assert.ok(notices.every(({ kind }) => kind === 'not-kept'));
    assert.equal((await cache.list()).length, 3);
  });

  test('has bounds: the oldest go first, and the newest stays', async () => {
    const small = await openDiskCache({ folder, maxItems: 2 });
    await fetchNow({ store: small });
    assert.equal(files().length, 2);
    const tiny = await openDiskCache({ folder, maxBytes: 1 });
    await fetchNow({ store: tiny, refresh: true });
    assert.equal(files().length, 1);
  });

  test('the newest stays when many are written again at once', async () => {
    await fetchNow();
    const items = await cache.list();
    const tiny = await openDiskCache({ folder, maxBytes: 1 });
    const saveOften = async (item: StoredItem): Promise<void> => {
      for (let round = 0; round < 25; round += 1) {
        await tiny.save(item);
        assert.notDeepEqual(
          files().filter((name) => !name.startsWith('.')),
          [],
        );
      }
    };
    await Promise.all(items.map(saveOften));
    assert.equal(files().length, 1);
  });

  test('items are removed by name; what a killed process left goes after an hour', async () => {
    for (const [name, ageMs] of [
      ['.enclos-new-1-1-000000000000-0123456789ab', 2 * 3_600_000],
      ['.enclos-new-1-1-000000000000-fedcba987654', 60_000],
    ] as const) {
      writeFileSync(join(folder, name), 'half');
      const time = new Date(Date.now() - ageMs);
      utimesSync(join(folder, name), time, time);
    }
    await fetchNow();
    assert.deepEqual(
      files().filter((name) => name.startsWith('.')),
      ['.enclos-new-1-1-000000000000-fedcba987654'],
    );
    await cache.remove(source.id, itemRequest('root-crl'));
    assert.equal(files().filter((name) => !name.startsWith('.')).length, 3);
  });

  test('a disk that takes nothing is no reason to fail', async () => {
    rmSync(folder, { recursive: true });
    const { collateral, notices } = await fetchNow();
    assert.ok(collateral.tcb_info);
    assert.deepEqual(
      notices.map(({ kind }) => kind),
      ['not-kept', 'not-kept', 'not-kept', 'not-kept'],
    );
  });
});

test('the folder of a cache is of the user, and nobody else may write in it', async () => {
  const open = temporaryFolder();
  chmodSync(open, 0o777);
  await rejection(openDiskCache({ folder: open }), 'ENDORSEMENTS_CACHE_REFUSED');
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  await rejection(openDiskCache({ folder: file }), 'ENDORSEMENTS_CACHE_REFUSED');
  await rejection(openDiskCache({ folder: join(file, 'x') }), 'ENDORSEMENTS_CACHE_REFUSED');
  const link = join(temporaryFolder(), 'link');
  symlinkSync(temporaryFolder(), link);
  await rejection(openDiskCache({ folder: link }), 'ENDORSEMENTS_CACHE_REFUSED');
});

test('the folder of this user is where the XDG specification says', () => {
  assert.equal(collateralCacheFolder({ HOME: '/home/x' }), '/home/x/.cache/enclos/collateral');
  assert.equal(collateralCacheFolder({ HOME: '/home/x', XDG_CACHE_HOME: '/c' }), '/c/enclos/collateral');
  assert.equal(collateralCacheFolder({ HOME: '/home/x', XDG_CACHE_HOME: 'c' }), '/home/x/.cache/enclos/collateral');
});
