import { readFileSync } from 'node:fs';
import { utf8 } from '@enclos/codec';
import { buildImage } from '../src/index.ts';

/**
 * Builds one image of several again and again, until it is killed or has done enough. Starting takes longer than building, so a moment within a build
 * is found more often this way.
 */
const [folder = '', layoutFolder = '', first = '0', builds = '1'] = process.argv.slice(2);
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(`${folder}/${name}`));

process.stdout.write('building\n');
for (let build = 0; build < Number(builds); build += 1) {
  await buildImage({
    application: { image: read('image'), signature: read('signature'), host: utf8('console.log(1)') },
    base: { path: `${folder}/base.tar` },
    layoutFolder,
    archiveFile: `${layoutFolder}.tar`,
    cacheFolder: `${folder}/cache`,
    createdSeconds: (Number(first) + build) % 3,
    interpreter: `${folder}/interpreter`,
    tool: { name: 'enclos', version: '0.0.0' },
  });
  process.stdout.write('built\n');
}
