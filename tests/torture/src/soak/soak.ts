import { setTimeout as sleep } from 'node:timers/promises';
import { startPlatform, type EmbeddedPlatform } from '@enclos/software-sgx';
import { within } from '../processes.ts';
import type { Program, Tally } from '../program.ts';
import { createRandom } from '../random.ts';
import { compiled, createWorkplace } from '../workplace.ts';
import { generousMs, kindNames, pickCall } from './calls.ts';
import { judgeSamples } from './report.ts';
import { takeSample, type Sample } from './samples.ts';
import { isLost, supervise, type Life, type Supervised } from './supervised.ts';

const callers = 16;
const defaultMinutes = 30;
/** Beyond its deadline, for a loaded machine: a call that takes longer has no answer. */
const slackMs = 30_000;
const sampleEveryMs = 2000;
/** One of so many ends is in order, the others are kills. */
const orderlyEnd = 5;

interface Counts {
  readonly answered: Map<string, number>;
  /** Calls that an end of the enclave took along. */
  lost: number;
  slowestMs: number;
}

/** Many callers, every kind of call, and an enclave that is killed every minute: no wrong answer, none missing. */
export const soak: Program = async ({ seed, minutes = defaultMinutes }, tally) => {
  const workplace = createWorkplace();
  try {
    const lane = await workplace.lane('soak', 64);
    process.env['NODE_OPTIONS'] = `--import=${compiled('soak/gc.preload.js')}`;
    const platform = await startPlatform({ stateFolder: lane.state });
    const supervised = supervise(lane, platform, (reason) => tally.fail(`the enclave ended by itself: ${reason}`));
    const run: SoakRun = {
      seed,
      endAt: performance.now() + minutes * 60_000,
      // A short run has some ends too.
      endEveryMs: minutes >= 3 ? 60_000 : 12_000,
      platform,
      supervised,
      counts: { answered: new Map(), lost: 0, slowestMs: 0 },
      tally,
    };
    const [samples] = await Promise.all([
      sampling(run),
      ending(run),
      ...Array.from({ length: callers }, (_, caller) => calling(run, caller)),
    ]);
    await supervised.close();
    await within('the platform ends', slackMs, platform.close());
    finish(run, samples);
  } finally {
    workplace.close();
  }
};

interface SoakRun {
  readonly seed: number;
  readonly endAt: number;
  readonly endEveryMs: number;
  readonly platform: EmbeddedPlatform;
  readonly supervised: Supervised;
  readonly counts: Counts;
  readonly tally: Tally;
}

/** Ends well before it could hide an error: whatever fails is told once, and after many the run ends. */
function goesOn({ endAt, tally }: SoakRun): boolean {
  return performance.now() < endAt && tally.failures < 20;
}

async function calling(run: SoakRun, caller: number): Promise<void> {
  const { supervised, platform, counts, tally } = run;
  const random = createRandom(run.seed + caller);
  while (goesOn(run)) {
    const life = await supervised.current();
    const { name, call } = pickCall(random);
    const started = performance.now();
    try {
      const answer = call({ enclave: life.enclave, platform, random, caller });
      const wrong = await within(`an answer to ${name}`, generousMs + slackMs, answer);
      if (wrong !== undefined) tally.fail(`${name}: ${wrong}`);
      counts.answered.set(name, (counts.answered.get(name) ?? 0) + 1);
    } catch (error) {
      if (isLost(error)) await lostWith(life, run);
      else tally.fail(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    counts.slowestMs = Math.max(counts.slowestMs, performance.now() - started);
  }
}

/** Who says that the enclave is lost must be right; whether somebody meant to end it, its supervisor tells. */
async function lostWith({ enclave }: Life, { counts, tally }: SoakRun): Promise<void> {
  counts.lost += 1;
  await within('the end of an enclave that is lost', slackMs, enclave.exited).catch((error: unknown) =>
    tally.fail(String(error)),
  );
}

async function ending(run: SoakRun): Promise<void> {
  for (let end = 1; goesOn(run); end++) {
    await sleep(Math.min(run.endEveryMs, Math.max(0, run.endAt - performance.now())));
    if (!goesOn(run)) return;
    const how = end % orderlyEnd === 0 ? 'dispose' : 'kill';
    await run.tally.check(`end ${end}, by ${how}: its successor lives`, () =>
      within('the enclave is loaded again', slackMs, run.supervised.end(how)),
    );
  }
}

async function sampling(run: SoakRun): Promise<readonly Sample[]> {
  const started = performance.now();
  const samples: Sample[] = [];
  let minute = 0;
  while (goesOn(run)) {
    await sleep(sampleEveryMs);
    const life = await run.supervised.current();
    const seconds = (performance.now() - started) / 1000;
    const sample = await takeSample(seconds, {
      platform: run.platform.processId,
      enclave: life.processId,
      life: life.number,
    });
    samples.push(sample);
    if (seconds < (minute + 1) * 60) continue;
    minute += 1;
    printMinute(minute, run, sample);
  }
  return samples;
}

function total(counts: Counts): number {
  return [...counts.answered.values()].reduce((sum, count) => sum + count, 0);
}

function printMinute(minute: number, { counts, supervised, tally }: SoakRun, sample: Sample): void {
  const memory = [sample.hostMiB, sample.platformMiB, sample.enclaveMiB].map((value) => value.toFixed(0)).join(' / ');
  process.stdout.write(
    `minute ${minute}: ${total(counts)} calls answered, ${counts.lost} lost, ${supervised.lives} lives, ` +
      `slowest ${counts.slowestMs.toFixed(0)} ms; host / platform / enclave ${memory} MiB, ` +
      `descriptors ${sample.hostDescriptors} / ${sample.platformDescriptors}; ${tally.failures} failures\n`,
  );
}

function finish({ counts, supervised, tally }: SoakRun, samples: readonly Sample[]): void {
  for (const name of kindNames) {
    const count = counts.answered.get(name) ?? 0;
    process.stdout.write(`${name.padEnd(24)}${String(count).padStart(10)} answered\n`);
    if (count > 0) tally.pass();
    else tally.fail(`no call of the kind ${name} was answered`);
  }
  process.stdout.write(`${total(counts)} calls answered, ${counts.lost} lost with ${supervised.lives} lives\n`);
  judgeSamples(samples, tally);
}
