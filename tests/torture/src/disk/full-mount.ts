import { readdirSync } from 'node:fs';
import { startPlatform } from '@enclos/software-sgx';
import type { Tally } from '../program.ts';
import type { BuiltLane } from '../workplace.ts';
import { codeOf, same } from './expect.ts';
import { empty, fillTo } from './fill.ts';
import { loadSubject } from '../load-subject.ts';
import { mountDisk } from './own-mounts.ts';

/** The sealed state takes 137 pages, in pieces of 64. */
const freePages = [0, 1, 2, 63, 64, 65, 127, 128, 129, 135, 136];

/** Lets an enclave store its state on a mount that is full, at the beginning, in the middle and at the end. */
export async function fullMount(lane: BuiltLane, tally: Tally): Promise<void> {
  const disk = mountDisk(lane.mount, { pages: 1000 });
  const platform = await startPlatform({ stateFolder: lane.state });
  try {
    const enclave = await loadSubject(lane, platform);
    let stored = await enclave.call.advance();
    const refused = async (): Promise<void> => {
      same('code', await codeOf(enclave.call.advance()), 'HOST_STORAGE_FULL');
      same('the counter', await enclave.call.found(), stored);
      same(
        'files',
        readdirSync(disk.path).filter((name) => name !== 'fill.bin'),
        ['counter.sealed'],
      );
    };
    const works = async (): Promise<void> => {
      stored += 1;
      same('the counter', await enclave.call.advance(), stored);
    };
    for (const pages of freePages) {
      await tally.check(`mount full: ${pages} free pages keep the old state, and then it goes on`, async () => {
        if (!fillTo(disk.path, pages)) throw new Error('The disk of the test is too small.');
        await refused();
        empty(disk.path);
        await works();
      });
    }
    await tally.check('mount full: no name for another file', async () => {
      disk.resize({ pages: 1000, inodes: 2 });
      await refused();
      disk.resize({ pages: 1000 });
      await works();
    });
    await enclave.dispose();
  } finally {
    await platform.close();
    disk.close();
  }
}
