import type { Program } from '../program.ts';
import { createWorkplace } from '../workplace.ts';
import { killFirstStarts } from './first-start.ts';
import { killLoops } from './kill-loops.ts';
import { builtSteps } from './moments.ts';
import { killProvisioning } from './provisioning.ts';

const defaultMoments = 150;

/** Kills enclaves, hosts and platforms at every step of their lives, and whoever makes a vendor and a machine. */
export const killMatrix: Program = async ({ seed, moments = defaultMoments }, tally) => {
  const workplace = createWorkplace();
  try {
    // Two at a time: each is mostly waiting for the other's processor.
    const lanes = [await workplace.lane('lane-1'), await workplace.lane('lane-2')];
    await killLoops(lanes, { seed, moments, steps: builtSteps }, tally);
    process.stdout.write(`${await killProvisioning(workplace, Math.ceil(moments / 6), tally)}\n`);
    process.stdout.write(`${await killFirstStarts(workplace, Math.ceil(moments / 25), tally)}\n`);
  } finally {
    workplace.close();
  }
};
