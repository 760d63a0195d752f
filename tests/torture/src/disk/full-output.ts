import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tally } from '../program.ts';
import type { BuiltLane } from '../workplace.ts';
import { enclos } from './command.ts';
import { same } from './expect.ts';
import { empty, fillTo } from './fill.ts';
import { mountDisk } from './own-mounts.ts';

/** Generates keys, builds and signs with every number of free pages until it goes through. */
export async function fullOutput(lane: BuiltLane, tally: Tally): Promise<void> {
  const disk = mountDisk(join(lane.folder, 'out'), { pages: 2000 });
  const [key, image, signature] = ['key.pem', 'subject.sgxs', 'subject.sig'].map((name) => join(disk.path, name));
  if (key === undefined || image === undefined || signature === undefined) throw new Error('unreachable');
  const commands = [
    { name: 'keygen', args: ['keygen', key], output: key, pages: [0] },
    { name: 'build', args: ['build', lane.project, '--out', disk.path], output: image, pages: [0, 1, 20, 60] },
    { name: 'sign', args: ['sign', image, '--key', key, '--out', signature], output: signature, pages: [0] },
  ];
  try {
    for (const { name, args, output, pages } of commands) {
      await tally.check(
        `output folder full: ${name} leaves the old file or none, and works when there is space`,
        () => {
          const read = (): string => (existsSync(output) ? readFileSync(output, 'base64') : 'none');
          // Not for a key, which never takes the place of a file.
          if (name !== 'keygen') writeFileSync(output, 'old');
          const before = read();
          const refused = pages.filter((free) => {
            if (!fillTo(disk.path, free)) throw new Error('The disk of the test is too small.');
            const code = enclos(...args);
            empty(disk.path);
            same(
              'unfinished',
              readdirSync(disk.path).filter((file) => file.startsWith('.')),
              [],
            );
            if (code === undefined) return false;
            same('code', code, 'CLI_SYSTEM_REFUSED');
            same('the output', read() === before, true);
            return true;
          });
          same('refused with so many pages', refused, pages);
          same('code', enclos(...args), undefined);
          same('an output', read() === before, false);
        },
      );
    }
  } finally {
    disk.close();
  }
}
