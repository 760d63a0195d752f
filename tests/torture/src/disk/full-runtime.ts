import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startPlatform, type EmbeddedPlatform } from '@enclos/software-sgx';
import { isEnclosError } from '@enclos/errors';
import type { Tally } from '../program.ts';
import type { BuiltLane } from '../workplace.ts';
import { same } from './expect.ts';
import { loadSubject } from '../load-subject.ts';
import { mountDisk } from './own-mounts.ts';

/** Starts platforms and enclaves where there is place for none, one, and so on of the files that they need. */
export async function fullRuntimeFolder(lane: BuiltLane, tally: Tally): Promise<void> {
  const disk = mountDisk(lane.tmp, { pages: 100 });
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = lane.tmp;
  try {
    const enoughInodes = await neededInodes(lane);
    for (let inodes = 1; inodes <= enoughInodes; inodes++) {
      await tally.check(`runtime folder full: ${inodes} of ${enoughInodes} names`, async () => {
        disk.resize({ pages: 100, inodes });
        same('the refusal', await startRefusal(lane), inodes < enoughInodes ? 'PLATFORM_STORAGE_FAILED' : undefined);
        same('what is left', readdirSync(lane.tmp), []);
      });
    }
    await tally.check(
      'runtime folder full: an enclave that finds no name for its gate starts when there is one',
      async () => {
        disk.resize({ pages: 100, inodes: enoughInodes - 1 });
        const platform = await startPlatform({ stateFolder: lane.state });
        try {
          same('the refusal', await useRefusal(lane, platform), 'PLATFORM_STORAGE_FAILED');
          disk.resize({ pages: 100 });
          same('the refusal', await useRefusal(lane, platform), undefined);
        } finally {
          await platform.close();
        }
      },
    );
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    disk.close();
  }
}

/**
 * With so many names an enclave can start: the root and its folder, what a running platform has in that folder (its sockets and
 * filters, of which the stub of SGX images has one where it was built), and a gate.
 */
async function neededInodes(lane: BuiltLane): Promise<number> {
  const platform = await startPlatform({ stateFolder: lane.state });
  try {
    const [folder = ''] = readdirSync(lane.tmp);
    return 2 + readdirSync(join(lane.tmp, folder)).length + 1;
  } finally {
    await platform.close();
  }
}

/** The code that a start, or the first use, is refused with. */
export async function startRefusal(lane: BuiltLane): Promise<string | undefined> {
  let platform: EmbeddedPlatform;
  try {
    platform = await startPlatform({ stateFolder: lane.state });
  } catch (error) {
    if (!isEnclosError(error, 'PLATFORM_START_FAILED')) throw error;
    return String(error.details['code']);
  }
  try {
    return await useRefusal(lane, platform);
  } finally {
    await platform.close();
  }
}

async function useRefusal(lane: BuiltLane, platform: EmbeddedPlatform): Promise<string | undefined> {
  try {
    const enclave = await loadSubject(lane, platform);
    same('an echo', [...(await enclave.call.echo({ data: Uint8Array.of(7) }))], [7]);
    await enclave.dispose();
    return undefined;
  } catch (error) {
    if (isEnclosError(error)) return error.code;
    throw error;
  }
}
