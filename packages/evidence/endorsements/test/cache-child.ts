import { readFileSync } from 'node:fs';
import { readBundle } from '../src/index.ts';
import { openDiskCache } from '../src/node/index.ts';

/** Run as a process of its own: writes the items of a bundle into a cache, over and over, until it is killed. */
const [folder = '', bundle = '', given = '0'] = process.argv.slice(2);
const rounds = given === '0' ? Infinity : Number(given);
const items = await readBundle(readFileSync(bundle, 'utf8'));
const cache = await openDiskCache({ folder, maxItems: 3 });
process.stdout.write('ready\n');
for (let round = 0; round < rounds; round += 1) {
  for (const item of items) {
    await cache.save(item);
    const read = await cache.load(item.source, item.request);
    // Another process may have removed it to keep the bound; half of one there must never be.
    if (read !== undefined && read.content.body !== item.content.body) process.exit(9);
  }
}
