import { nativeCompilers } from '@enclos/testkit';
import { insideOwnMounts } from '../disk/own-mounts.ts';
import { killLoops } from '../kill/kill-loops.ts';
import type { Program, Tally } from '../program.ts';
import { createWorkplace } from '../workplace.ts';
import { fullDisks } from './full-disks.ts';
import { signedLane, signedSdks } from './signed-lane.ts';
import { signedSteps } from './steps.ts';

const defaultMoments = 90;

/** Kills signed enclaves of both SDKs, their hosts and platforms at every step, and lets their disks be full. */
export const signedEnclaves: Program = async (options, tally) => {
  if (!canRun(tally)) return;
  const isInside = await insideOwnMounts('signed-enclaves', options, tally);
  const { seed, moments = defaultMoments } = options;
  const workplace = createWorkplace();
  try {
    if (isInside) return await fullDisks(signedLane(workplace, 'intel'), tally);
    const lanes = signedSdks.map((sdk) => signedLane(workplace, sdk));
    await killLoops(lanes, { seed, moments, steps: signedSteps }, tally);
  } finally {
    workplace.close();
  }
};

/** Where CI runs, everything is there. */
function canRun(tally: Tally): boolean {
  const reason = absence();
  if (reason === undefined) return true;
  if (process.arch === 'x64' && process.env['CI'] !== undefined) tally.fail(`signed-enclaves: ${reason}`);
  else tally.skip(`signed-enclaves: ${reason}`);
  return false;
}

function absence(): string | undefined {
  if (process.arch !== 'x64') return 'signed enclaves are for x86-64';
  return nativeCompilers.length > 0 ? undefined : 'the enclaves need gcc-14 or clang-19 (apt-get install gcc-14)';
}
