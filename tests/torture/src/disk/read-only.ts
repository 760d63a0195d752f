import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createMachine, createVendor, enrol, startPlatform, stateFolders } from '@enclos/software-sgx';
import type { Program, Tally } from '../program.ts';
import { createWorkplace, type BuiltLane } from '../workplace.ts';
import { enclos } from './command.ts';
import { codeOf, same } from './expect.ts';
import { startRefusal } from './full-runtime.ts';
import { loadSubject } from '../load-subject.ts';
import { insideOwnMounts, mountDisk, type SmallDisk } from './own-mounts.ts';

const refusal = 'PLATFORM_STORAGE_FAILED';
const size = { pages: 2000 };

/** Makes each folder read-only while it is in use, and writable again. */
export const readOnly: Program = async (options, tally) => {
  if (!(await insideOwnMounts('read-only', options, tally))) return;
  const workplace = createWorkplace();
  try {
    const lane = await workplace.lane('read-only');
    await readOnlyState(lane, tally);
    await readOnlyMount(lane, tally);
    await readOnlyRuntimeFolder(lane, tally);
    await readOnlyOutput(lane, tally);
  } finally {
    workplace.close();
  }
};

async function onDisk(path: string, work: (disk: SmallDisk) => Promise<void>): Promise<void> {
  const disk = mountDisk(path, size);
  try {
    await work(disk);
  } finally {
    disk.close();
  }
}

async function readOnlyState(lane: BuiltLane, tally: Tally): Promise<void> {
  await tally.check('state folder read-only: no platform is made, and one is when it is writable', () =>
    onDisk(lane.state, async (disk) => {
      disk.readOnly(true);
      same('the refusal', await startRefusal(lane), refusal);
      same('what is left', readdirSync(disk.path), []);
      disk.readOnly(false);
      same('the refusal', await startRefusal(lane), undefined);
    }),
  );
  await tally.check('state folder read-only: a platform with fresh documents runs', () =>
    onDisk(lane.state, async (disk) => {
      same('the refusal', await startRefusal(lane), undefined);
      disk.readOnly(true);
      same('the refusal', await startRefusal(lane), undefined);
    }),
  );
  await tally.check('state folder read-only: one whose documents are old does not, until it can write', () =>
    onDisk(lane.state, async (disk) => {
      const { vendorFolder, machineFolder } = stateFolders(disk.path);
      const past = new Date(Date.now() - 60 * 86_400_000);
      const vendor = await createVendor(vendorFolder, { now: past });
      const machine = await createMachine(machineFolder, { separation: 'single-user' });
      await enrol(vendor, machine, past);
      disk.readOnly(true);
      same('the refusal', await startRefusal(lane), refusal);
      same('the code', await codeOf(enrol(vendor, machine, new Date())), refusal);
      disk.readOnly(false);
      same('the refusal', await startRefusal(lane), undefined);
    }),
  );
}

async function readOnlyMount(lane: BuiltLane, tally: Tally): Promise<void> {
  await tally.check('mount read-only: reads work, writes are refused, and the state is what it was', () =>
    onDisk(lane.mount, async (disk) => {
      const platform = await startPlatform({ stateFolder: lane.state });
      try {
        const enclave = await loadSubject(lane, platform);
        same('the counter', await enclave.call.advance(), 1);
        disk.readOnly(true);
        same('the code', await codeOf(enclave.call.advance()), 'HOST_MOUNT_REFUSED');
        same('the code', await codeOf(enclave.call.file({ name: 'x', data: new Uint8Array(1) })), 'HOST_MOUNT_REFUSED');
        same('the counter', await enclave.call.found(), 1);
        disk.readOnly(false);
        same('the counter', await enclave.call.advance(), 2);
        same('files', readdirSync(disk.path), ['counter.sealed']);
        await enclave.dispose();
      } finally {
        await platform.close();
      }
    }),
  );
}

async function readOnlyRuntimeFolder(lane: BuiltLane, tally: Tally): Promise<void> {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = lane.tmp;
  await tally.check('runtime folder read-only: no platform starts, and one does when it is writable', () =>
    onDisk(lane.tmp, async (disk) => {
      disk.readOnly(true);
      same('the refusal', await startRefusal(lane), refusal);
      disk.readOnly(false);
      same('the refusal', await startRefusal(lane), undefined);
      same('what is left', readdirSync(disk.path), []);
    }),
  );
  await tally.check('runtime folder read-only: a platform that runs loads nothing, and then does', () =>
    onDisk(lane.tmp, async (disk) => {
      const platform = await startPlatform({ stateFolder: lane.state });
      try {
        disk.readOnly(true);
        same('the code', await codeOf(loadSubject(lane, platform)), refusal);
        disk.readOnly(false);
        await (await loadSubject(lane, platform)).dispose();
      } finally {
        await platform.close();
      }
      same('what is left', readdirSync(disk.path), []);
    }),
  );
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
}

async function readOnlyOutput(lane: BuiltLane, tally: Tally): Promise<void> {
  await tally.check('output folder read-only: keygen and build are refused, and then work', () =>
    onDisk(join(lane.folder, 'out'), async (disk) => {
      const key = join(disk.path, 'key.pem');
      const commands = [
        ['keygen', key],
        ['build', lane.project, '--out', disk.path],
      ];
      disk.readOnly(true);
      for (const command of commands) same('the code', enclos(...command), 'CLI_SYSTEM_REFUSED');
      disk.readOnly(false);
      for (const command of commands) same('the code', enclos(...command), undefined);
      same('a key', existsSync(key), true);
    }),
  );
}
