import { createRandom } from '../random.ts';
import type { Lane } from '../workplace.ts';
import type { Tally } from '../program.ts';
import { stepOfDeath } from './judge.ts';
import { chooseMoments, pairsOf, victims, type Step } from './moments.ts';
import { openLane, type TorturedLane } from './tortured-lane.ts';
import type { Moment } from './run.ts';

/** A kill that comes when its victim is gone already is tried again. */
const maxTries = 5;
const maxFailures = 10;

interface Findings {
  /** Kills by step and victim, as they really came. */
  readonly hits: Map<string, number>;
  kills: number;
  retries: number;
  slowestAnswerMs: number;
}

export interface LoopOptions {
  readonly seed: number;
  readonly moments: number;
  /** What there is to die at. */
  readonly steps: readonly Step[];
}

/** Kills enclaves, hosts and platforms in loops that seal, store and load. The lanes die side by side. */
export async function killLoops(
  lanes: readonly Lane[],
  { seed, moments, steps }: LoopOptions,
  tally: Tally,
): Promise<void> {
  const findings: Findings = { hits: new Map(), kills: 0, retries: 0, slowestAnswerMs: 0 };
  const queue = [...chooseMoments(steps, moments, createRandom(seed))];
  const started = performance.now();
  const opened = await Promise.all(lanes.map(openLane));
  await Promise.all(
    opened.map(async (lane) => {
      for (let moment = queue.shift(); moment !== undefined; moment = queue.shift()) {
        if (tally.failures >= maxFailures) return;
        await dieOnce(lane, moment, { findings, tally });
      }
      await tally.check('a last run finds everything whole and nothing left', () => lane.finish());
    }),
  );
  print(findings, steps, (performance.now() - started) / 1000);
  process.stdout.write(`Every step with every victim takes ${pairsOf(steps).length} moments.\n`);
}

async function dieOnce(
  lane: TorturedLane,
  moment: Moment,
  { findings, tally }: { readonly findings: Findings; readonly tally: Tally },
): Promise<void> {
  const { victim, step, nth } = moment;
  try {
    for (let tries = 0; tries < maxTries; tries++) {
      const { run, answerMs = 0 } = await lane.die(
        tries === 0 ? moment : { ...moment, nth: 1, delayMs: 0, holdMs: 100 * tries },
      );
      findings.slowestAnswerMs = Math.max(findings.slowestAnswerMs, answerMs);
      const hit = stepOfDeath(run);
      if (hit !== undefined) {
        findings.kills += 1;
        const key = `${hit} ${victim}`;
        findings.hits.set(key, (findings.hits.get(key) ?? 0) + 1);
        tally.pass();
        return;
      }
      findings.retries += 1;
    }
    throw new Error('It was never there to be killed.');
  } catch (error) {
    tally.fail(`${victim} at ${step} ${nth}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function print({ hits, kills, retries, slowestAnswerMs }: Findings, steps: readonly Step[], seconds: number): void {
  const lines = [['step of death', ...victims].map(cell).join('')];
  const stepNames = steps.map(({ step }) => step);
  const known = new Set<string>(stepNames);
  const others = [...hits.keys()].map((key) => key.split(' ')[0] ?? '').filter((step) => !known.has(step));
  for (const step of [...stepNames, ...new Set(others)]) {
    const counts = victims.map((victim) => hits.get(`${step} ${victim}`) ?? 0);
    if (counts.some((count) => count > 0)) lines.push([step, ...counts].map(cell).join(''));
  }
  lines.push(
    `${kills} kills in ${seconds.toFixed(0)} s (${retries} came too late and were repeated); ` +
      `the slowest survivor knew after ${slowestAnswerMs.toFixed(0)} ms`,
  );
  process.stdout.write(`${lines.join('\n')}\n`);
}

function cell(value: string | number, index: number): string {
  return index === 0 ? String(value).padEnd(20) : String(value).padStart(10);
}
