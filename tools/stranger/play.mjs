// Plays steps one after the other, each within its own limit, and takes everything away at the end.
import { readFileSync } from 'node:fs';
import { missingLine } from '../docs/walk.mjs';
import { seconds, totalsLine } from '../lib/run.mjs';
import { indent } from '../lib/text.mjs';
import { signals } from './early-end.mjs';

const releaseLimitMs = 60_000;

/** What a step expected and did not get. */
export class StepFailure extends Error {}

/** @param lines what has to be printed, each in turn, with `…` for anything */
export function expectLines(lines, output) {
  const missing = missingLine(lines, output);
  if (missing !== undefined) throw new StepFailure(`does not print "${missing}", but\n${indent(output)}`);
}

/** Processor time of the programs that this process has waited for, in seconds. */
function processorSeconds() {
  // Fields 16 and 17 of proc(5), in ticks of which Linux has 100 a second; the name before them may have spaces.
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** @returns what tells of the time since, and of that of processors */
export function startClock() {
  const [from, processors] = [performance.now(), processorSeconds()];
  return () =>
    `${seconds((performance.now() - from) / 1000)}, ${seconds(processorSeconds() - processors)} of processors`;
}

/** What a step works with: lines of a shell that have to succeed within what is left of its time. */
function toolsOf(user, limitMs) {
  const end = performance.now() + limitMs;
  const leftMs = () => Math.max(1, end - performance.now());
  return {
    user,
    leftMs,
    async shell(script, { cwd, prints } = {}) {
      const { code, timedOut, output } = await user.shell(script, { cwd, limitMs: leftMs() });
      // The limit of the step tells of it.
      if (timedOut) return new Promise(() => {});
      if (code !== 0) {
        throw new StepFailure(`exit code ${code} of\n${indent(script)}\n  which printed\n${indent(output)}`);
      }
      if (prints !== undefined) expectLines(prints, output);
      return output;
    },
  };
}

function within(limitMs, stopped, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new StepFailure(`not ended after ${seconds(limitMs / 1000)}`)), limitMs);
  });
  return Promise.race([work, late, stopped]).finally(() => clearTimeout(timer));
}

/**
 * Plays the steps until one fails.
 * @param user of createUser, who is removed at the end
 * @param steps `{ name, limitSeconds, skip, play }`: `play` gets the tools of the step; `skip` says why it is left out
 * @param limitSeconds what this process may take
 * @param patience multiplies each limit, on a machine that does other work too
 * @param release what else is taken away at the end, also after a failure
 * @returns whether every step passed
 */
export async function play(user, steps, { limitSeconds, patience = 1, release = async () => {} }) {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const say = (how, name, clock, more) =>
    console.log(`${how} ${name} (${clock()})${more === undefined ? '' : `: ${more}`}`);
  const stop = {};
  const stopped = new Promise((_, reject) => (stop.reject = reject));
  stopped.catch(() => {});
  const onSignal = (signal) => stop.reject(new StepFailure(`ended by ${signal}`));
  for (const signal of signals) process.on(signal, onSignal);
  for (const { name, limitSeconds: own, skip, play: playStep } of steps) {
    if (totals.failed > 0 || skip !== undefined) {
      totals.skipped += 1;
      console.log(`skip ${name}: ${skip ?? 'a step before it failed'}`);
      continue;
    }
    const clock = startClock();
    const limitMs = own * patience * 1000;
    try {
      await within(limitMs, stopped, playStep(toolsOf(user, limitMs)));
      totals.passed += 1;
      say('ok  ', name, clock);
    } catch (error) {
      totals.failed += 1;
      say('FAIL', name, clock, error instanceof StepFailure ? error.message : error.stack);
    }
  }
  const cleaning = startClock();
  const problems = [];
  // The processes of the user may hold what the steps started, and the other way round: the second is tried in any case.
  for (const take of [release, user.remove]) {
    await within(releaseLimitMs * patience, new Promise(() => {}), take()).catch(({ stack }) => problems.push(stack));
  }
  const isClean = problems.length === 0;
  totals[isClean ? 'passed' : 'failed'] += 1;
  say(isClean ? 'ok  ' : 'FAIL', 'nothing is left', cleaning, isClean ? undefined : problems.join('\n'));
  for (const signal of signals) process.off(signal, onSignal);
  // Since this process began: what it did before the first step is part of it.
  const allSeconds = performance.now() / 1000;
  const isLate = allSeconds > limitSeconds * patience;
  totals[isLate ? 'failed' : 'passed'] += 1;
  console.log(
    `${isLate ? 'FAIL' : 'ok  '} all of it: ${seconds(allSeconds)}, ${seconds(processorSeconds())} of processors; ` +
      `at most ${seconds(limitSeconds * patience)}`,
  );
  console.log(totalsLine(totals));
  return totals.failed === 0;
}
