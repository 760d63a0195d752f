import type { Mark } from '../marks.ts';
import { hasSaidTheEnd, type Moment, type Run } from './run.ts';

/** What the disk may hold: the last counter that was acknowledged, or the one whose write had begun. */
export interface Ledger {
  readonly acknowledged: number;
  readonly begun: number;
}

/** How soon whoever lives on must know of a death. It takes some milliseconds; a loaded machine takes longer. */
const answerLimitMs = 10_000;

/** The last is that of a signed enclave whose process ends while it takes its pages. */
const lost = ['ENCLAVE_LOST', 'ENCLAVE_START_FAILED', 'LAUNCH_PROCESS_ENDED'];

const answersTo: Readonly<Record<Exclude<Moment['victim'], 'host'>, readonly string[]>> = {
  enclave: lost,
  wrapper: lost,
  platform: [...lost, 'TEE_PLATFORM_LOST', 'TEE_PLATFORM_UNREACHABLE', 'PLATFORM_START_FAILED'],
};

/** Follows the counter through a run. @throws Error when a state is older than acknowledged, or newer than begun. */
export function follow(before: Ledger, marks: readonly Mark[]): Ledger {
  let { acknowledged, begun } = before;
  for (const { step, value = 0 } of marks) {
    if (step === 'found') {
      if (value < acknowledged || value > begun) {
        throw new Error(`Found ${value}, acknowledged was ${acknowledged}, begun ${begun}.`);
      }
      acknowledged = value;
      begun = value;
    }
    if (step === 'store') begun = acknowledged + 1;
    if (step === 'acknowledged') {
      if (value !== acknowledged + 1) throw new Error(`Acknowledged ${value} after ${acknowledged}.`);
      acknowledged = value;
    }
  }
  return { acknowledged, begun };
}

/** The step that the kill came in: the last that was said before it. */
export function stepOfDeath({ marks, killedAt }: Run): string | undefined {
  if (killedAt === undefined) return undefined;
  return marks.findLast(({ at }) => at <= killedAt)?.step ?? 'before all';
}

/**
 * Judges how those who were not killed took it.
 * @returns how long it took until they knew, ms; undefined when there was nothing to know any more.
 * @throws Error
 */
export function judgeSurvivors(victim: Moment['victim'], { marks, killedAt, exit }: Run): number | undefined {
  if (victim === 'host' && killedAt !== undefined) return undefined;
  const hasEnded = exit.code === 0 && hasSaidTheEnd(marks);
  if (!hasEnded) throw new Error(`The host ended with ${exit.code ?? exit.signal}.`);
  const allowed = victim === 'host' ? [] : answersTo[victim];
  const answers = marks.filter(({ step }) => step === 'answered');
  const wrong = answers.find(({ code = '' }) => !allowed.includes(code));
  if (wrong !== undefined) throw new Error(`The host was answered with ${wrong.code}.`);
  const [answer] = answers;
  if (killedAt === undefined || answer === undefined) {
    // A death is nobody's affair any more once the host has asked for the end.
    const late = new Set(['dispose', 'disposed', 'close', 'tmp:unlink', 'tmp:rmdir', 'ended']);
    const step = stepOfDeath({ marks, killedAt, exit });
    if (step !== undefined && !late.has(step) && !marks.some(({ step: made }) => made === 'dispose')) {
      throw new Error('Nobody was told of the death.');
    }
    return undefined;
  }
  const ms = Number(answer.at - killedAt) / 1e6;
  if (ms > answerLimitMs) throw new Error(`The host knew after ${ms} ms.`);
  return ms;
}
