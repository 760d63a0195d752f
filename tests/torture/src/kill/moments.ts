import type { Random } from '../random.ts';
import type { Moment, Victim } from './run.ts';

/** One step of the life of a host, with who is there to be killed. */
export interface Step {
  readonly step: string;
  /** How often it comes in every run. */
  readonly times: number;
  readonly victims: readonly Victim[];
}

export const victims: readonly Victim[] = ['enclave', 'wrapper', 'host', 'platform'];
export const outside: readonly Victim[] = ['host', 'platform'];

/** Rounds of one run. */
export const rounds = 3;

/** Every step of the loop, in its order. */
export const builtSteps: readonly Step[] = [
  { step: 'host', times: 1, victims: ['host'] },
  { step: 'platform', times: 1, victims: outside },
  { step: 'audit:open', times: 1, victims: outside },
  { step: 'tmp:mkdtemp', times: 1, victims: outside },
  { step: 'tmp:chmod', times: 1, victims: outside },
  { step: 'tmp:writeFile', times: 1, victims: outside },
  // Of the start, the launch, and the keys that open and seal.
  { step: 'audit:appendFile', times: 5, victims: outside },
  { step: 'audit:datasync', times: 5, victims: outside },
  { step: 'ready', times: 1, victims: outside },
  { step: 'launch', times: 1, victims: outside },
  { step: 'launched', times: 1, victims: outside },
  { step: 'spawn', times: 1, victims: outside },
  { step: 'spawned', times: 1, victims },
  { step: 'start', times: 1, victims },
  { step: 'loaded', times: 1, victims },
  { step: 'found', times: 1, victims },
  { step: 'advance', times: rounds, victims },
  { step: 'read', times: rounds, victims },
  { step: 'unseal', times: rounds - 1, victims },
  { step: 'unsealed', times: rounds - 1, victims },
  { step: 'seal', times: rounds, victims },
  { step: 'store', times: rounds, victims },
  { step: 'mount:open', times: rounds, victims },
  { step: 'mount:writeFile', times: 3 * rounds, victims },
  { step: 'mount:sync', times: rounds, victims },
  { step: 'mount:close', times: rounds, victims },
  { step: 'mount:rename', times: rounds, victims },
  { step: 'mount:sync-folder', times: rounds, victims },
  { step: 'stored', times: rounds, victims },
  { step: 'acknowledged', times: rounds, victims },
  { step: 'dispose', times: 1, victims },
  { step: 'disposed', times: 1, victims: outside },
  { step: 'close', times: 1, victims: outside },
  { step: 'tmp:unlink', times: 1, victims: outside },
];

/** Each step with each of its victims: so many moments it takes to kill everyone at every step. */
export function pairsOf(steps: readonly Step[]): readonly (Omit<Step, 'victims'> & { readonly victim: Victim })[] {
  return steps.flatMap(({ victims: there, ...step }) => there.map((victim) => ({ ...step, victim })));
}

/**
 * Moments that go over every step and every victim again and again, in an
 * order of their own. Of three kills, two come while the process stands still
 * at the step, and one at its natural pace, up to 20 ms later.
 */
export function chooseMoments(steps: readonly Step[], count: number, random: Random): readonly Moment[] {
  const pairs = pairsOf(steps);
  const chosen: (typeof pairs)[number][] = [];
  while (chosen.length < count) chosen.push(...random.shuffled(pairs).slice(0, count - chosen.length));
  return chosen.map(({ step, victim, times }, index) => {
    const nth = 1 + random.below(times);
    if (index % 3 === 2) return { step, victim, nth, holdMs: 0, delayMs: random.below(20) };
    return { step, victim, nth, holdMs: 40, delayMs: random.below(10) };
  });
}
