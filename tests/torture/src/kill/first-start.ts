import { join } from 'node:path';
import type { Tally } from '../program.ts';
import { layOutLane, type Workplace } from '../workplace.ts';
import { follow } from './judge.ts';
import { requireWhole, runtimeFolders, unfinished } from './residue.ts';
import { runLoop, type Moment } from './run.ts';

/** Kills hosts and platforms at their first start ever, while vendor and machine are made. */
export async function killFirstStarts(workplace: Workplace, moments: number, tally: Tally): Promise<string> {
  const base = await workplace.lane('first');
  let deaths = 0;
  for (let i = 0; i < moments; i++) {
    const folder = join(base.folder, String(i));
    const lane = { ...base, folder, ...layOutLane(folder) };
    const victim = i % 2 === 0 ? 'platform' : 'host';
    // A vendor, a machine and its enrolment are some thirty files.
    const moment: Moment = {
      victim,
      step: 'state:open',
      nth: 1 + Math.floor((i * 28) / moments),
      holdMs: 40,
      delayMs: i,
    };
    try {
      const killed = await runLoop(lane, moment, 1);
      if (killed.killedAt !== undefined) deaths += 1;
      const { marks, exit } = await runLoop(lane, undefined, 1);
      if (exit.code !== 0 || marks.at(-1)?.step !== 'ended') throw new Error('The next start has not come to its end.');
      follow(follow({ acknowledged: 0, begun: 0 }, killed.marks), marks);
      await requireWhole(lane.state);
      const left = [...runtimeFolders(lane), ...unfinished(lane.mount), ...unfinished(lane.state)];
      if (left.length > 1 || left.some((path) => path.includes('.making-'))) {
        throw new Error(`There is still ${left.join(', ')}.`);
      }
      tally.pass();
    } catch (error) {
      tally.fail(
        `${victim} at file ${moment.nth} of a first start: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return `${deaths} kills at a first start`;
}
