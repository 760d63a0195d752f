import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tally } from '../program.ts';
import type { Lane } from '../workplace.ts';
import { same } from './expect.ts';
import { empty, fillTo } from './fill.ts';
import { mountDisk } from './own-mounts.ts';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));
const program = join(root, 'packages/cli/dist/src/main.js');
const project = join(root, 'tests/torture/enclaves/subject');

/** Runs the command with `--json`. @returns the code that it fails with, undefined when it does not. */
function enclos(...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(process.execPath, [program, ...args, '--json'], { encoding: 'utf8' });
  if (status === 0) return undefined;
  return (JSON.parse(stdout) as { readonly error: { readonly code: string } }).error.code;
}

/** Generates keys, builds and signs with every number of free pages until it goes through. */
export async function fullOutput(lane: Lane, tally: Tally): Promise<void> {
  const disk = mountDisk(join(lane.folder, 'out'), { pages: 2000 });
  const [key, image, signature] = ['key.pem', 'subject.sgxs', 'subject.sig'].map((name) => join(disk.path, name));
  if (key === undefined || image === undefined || signature === undefined) throw new Error('unreachable');
  const commands = [
    { name: 'keygen', args: ['keygen', key], output: key, pages: [0, 1] },
    { name: 'build', args: ['build', project, '--out', disk.path], output: image, pages: [0, 1, 20, 60, 120] },
    { name: 'sign', args: ['sign', project, '--key', key, '--out', signature], output: signature, pages: [0, 1] },
  ];
  try {
    for (const { name, args, output, pages } of commands) {
      await tally.check(`output folder full: ${name} leaves the old file or none, and works when there is space`, () => {
        const read = (): string => (existsSync(output) ? readFileSync(output, 'base64') : 'none');
        let failures = 0;
        for (const free of pages) {
          const before = read();
          if (!fillTo(disk.path, free)) throw new Error('The disk of the test is too small.');
          const code = enclos(...args);
          empty(disk.path);
          if (code !== undefined) {
            failures += 1;
            same('code', code, 'CLI_SYSTEM_REFUSED');
            same('the output', read(), before);
          }
          same('unfinished', readdirSync(disk.path).filter((file) => file.startsWith('.')), []);
          if (code === undefined) return;
        }
        if (failures === 0) throw new Error('It was never refused.');
        same('code', enclos(...args), undefined);
      });
    }
  } finally {
    disk.close();
  }
}
