import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { collateralApp } from '@enclos/software-sgx';
import { saidBy } from '@enclos/testkit';
import { itemRequest, obtainItem, pccs, writeBundle } from '../src/index.ts';
import { openDiskCache } from '../src/node/index.ts';
import { parseStoredText } from '../src/stored-item.ts';
import { softwareSite } from './software-site.ts';
import { inProcess, now, temporaryFolder } from './support.ts';

const program = fileURLToPath(new URL('./cache-child.js', import.meta.url));

interface Child {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
  readonly ended: Promise<number | null>;
}

function start(folder: string, bundle: string, rounds: number): Child {
  const child = spawn(process.execPath, [program, folder, bundle, String(rounds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return {
    process: child,
    ready: saidBy(child),
    ended: new Promise((resolve) => child.once('close', resolve)),
  };
}

/** Every file that has the name of an item, read whole. */
async function readAll(folder: string): Promise<number> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  for (const name of names) {
    let text: string;
    try {
      text = readFileSync(join(folder, name), 'utf8');
    } catch {
      // Removed to keep the bound.
      continue;
    }
    await parseStoredText(text);
  }
  return names.length;
}

describe('a cache that many processes use', () => {
  const bundle = join(temporaryFolder(), 'bundle.json');

  before(async () => {
    const { vendor } = await softwareSite();
    const app = collateralApp(vendor.folder, { now: () => now });
    const options = {
      source: pccs({ url: 'http://127.0.0.1:1' }),
      network: inProcess((request) => app.fetch(request)),
      now: () => now,
    };
    const requests = [
      itemRequest('tcb-info', { tee: 'sgx', fmspc: vendor.fmspc.toLowerCase(), baseline: 'standard' }),
      itemRequest('qe-identity', { tee: 'sgx', baseline: 'standard' }),
      itemRequest('pck-crl', { ca: 'platform' }),
      itemRequest('root-crl'),
    ];
    const items = await Promise.all(requests.map((request) => obtainItem(request, options)));
    writeFileSync(
      bundle,
      await writeBundle(
        items.map(({ item }) => item),
        now,
      ),
    );
  });

  test('never has half an item, whoever is killed in the middle of it', async () => {
    const folder = temporaryFolder();
    for (let round = 0; round < 6; round += 1) {
      const children = [1, 2, 3].map(() => start(folder, bundle, 0));
      await Promise.all(children.map(({ ready }) => ready));
      // Other moments in every round, while somebody reads.
      for (const { process: child } of children) {
        await sleep(7 + 13 * round);
        await readAll(folder);
        child.kill('SIGKILL');
      }
      await Promise.all(children.map(({ ended }) => ended));
      assert.ok((await readAll(folder)) <= 6);
    }
    // What is left serves the next process, whatever the killed ones left beside it.
    const cache = await openDiskCache({ folder });
    assert.ok((await cache.list()).length > 0);
  });

  test('keeps its bound, and what each of them writes is what it reads', async () => {
    const folder = temporaryFolder();
    const children = Array.from({ length: 4 }, () => start(folder, bundle, 15));
    assert.deepEqual(await Promise.all(children.map(({ ended }) => ended)), [0, 0, 0, 0]);
    assert.ok((await readAll(folder)) <= 3);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('.')),
      [],
    );
  });
});
