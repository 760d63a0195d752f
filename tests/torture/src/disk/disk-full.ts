import { createWorkplace } from '../workplace.ts';
import type { Program } from '../program.ts';
import { fullMount } from './full-mount.ts';
import { fullOutput } from './full-output.ts';
import { fullRuntimeFolder } from './full-runtime.ts';
import { fullState } from './full-state.ts';
import { insideOwnMounts } from './own-mounts.ts';

/** Lets the disk be full at every write: of the state folder, a mount, the runtime folder, the output of a build. */
export const diskFull: Program = async (options, tally) => {
  if (!(await insideOwnMounts('disk-full', options, tally))) return;
  const workplace = createWorkplace();
  try {
    const lane = await workplace.lane('full');
    await fullState(workplace.folder, tally);
    await fullMount(lane, tally);
    await fullRuntimeFolder(lane, tally);
    await fullOutput(lane, tally);
  } finally {
    workplace.close();
  }
};
