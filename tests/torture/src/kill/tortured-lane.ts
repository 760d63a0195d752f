import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { verifyAudit } from '@enclos/software-sgx';
import type { Lane } from '../workplace.ts';
import { follow, judgeSurvivors, type Ledger } from './judge.ts';
import { rounds } from './moments.ts';
import { machineDigest, requireWhole, runtimeFolders, unfinished } from './residue.ts';
import { runLoop, type Moment, type Run } from './run.ts';

/** A lane that dies again and again, and must be whole each time. */
export interface TorturedLane {
  /** @throws Error when anything is not as it must be. */
  die(moment: Moment): Promise<{ readonly run: Run; readonly answerMs: number | undefined }>;
  /** Runs once more to the end, and looks for what is left. @throws Error */
  finish(): Promise<void>;
}

/** Runs once, so that there is a machine and a state. */
export async function openLane(lane: Lane): Promise<TorturedLane> {
  let ledger: Ledger = { acknowledged: 0, begun: 0 };
  ledger = follow(ledger, (await runLoop(lane, undefined, rounds)).marks);
  const digest = machineDigest(lane);
  const identity = await requireWhole(lane.state);

  let auditHead = (await verifyAudit(lane.audit)).head;
  const requireSame = async (): Promise<void> => {
    auditHead = (await verifyAudit(lane.audit, { anchor: auditHead })).head;
    if (machineDigest(lane) !== digest) throw new Error('The machine has changed.');
    const left = unfinished(lane.state);
    if (left.length > 0) throw new Error(`The state folder holds ${left.join(', ')}.`);
  };
  const checkFolders = (run: Run, moment: Moment, before: { readonly folders: number; readonly writes: number }) => {
    const wasReady = run.marks.some(({ step }) => step === 'ready');
    const allowed = (wasReady ? 0 : before.folders) + (moment.victim === 'platform' ? 1 : 0);
    const folders = runtimeFolders(lane);
    if (folders.length > allowed) throw new Error(`Runtime folders are left: ${folders.join(', ')}.`);
    // A host that lives on removes what its enclave's death has interrupted.
    const writes = unfinished(lane.mount).length - before.writes;
    if (writes > (moment.victim === 'host' ? 1 : 0)) throw new Error(`${writes} unfinished files are left.`);
  };

  return {
    async die(moment) {
      const before = { folders: runtimeFolders(lane).length, writes: unfinished(lane.mount).length };
      const run = await runLoop(lane, moment, rounds);
      ledger = follow(ledger, run.marks);
      const answerMs = judgeSurvivors(moment.victim, run);
      await requireSame();
      checkFolders(run, moment, before);
      return { run, answerMs };
    },
    async finish() {
      // Nobody writes for an hour: what is that old is nobody's.
      const old = Date.now() / 1000 - 7200;
      for (const name of unfinished(lane.mount)) utimesSync(join(lane.mount, name), old, old);
      const { marks, exit } = await runLoop(lane, undefined, rounds);
      if (exit.code !== 0 || marks.at(-1)?.step !== 'ended') throw new Error('The last run has not come to its end.');
      ledger = follow(ledger, marks);
      const after = await requireWhole(lane.state);
      if (after.ppid !== identity.ppid || after.root !== identity.root) throw new Error('It is another machine.');
      await requireSame();
      const left = [...readdirSync(lane.tmp), ...unfinished(lane.mount)];
      if (left.length > 0) throw new Error(`There is still ${left.join(', ')}.`);
    },
  };
}
