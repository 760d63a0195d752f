import type { StepResult } from '@enclos/attestation';
import type { Mark } from '@enclos/cli-frame/output';
import type { VerifyOutcome } from './verify.ts';

/**
 * What a result stands on: collateral that was in force, a policy that allows
 * collateral which was not, or nothing. Only the first two earn a check mark.
 */
export function standsOn({ validity, evidence }: VerifyOutcome): 'collateral' | 'policy' | 'nothing' {
  if (validity === undefined || validity.inForce) return 'collateral';
  return evidence === undefined ? 'nothing' : 'policy';
}

const states = { expired: 'had ended', 'not-yet-valid': 'had not begun' } as const;

/** What was not in force and what follows from that. It is shown before anything else. */
export function datesWarnings(outcome: VerifyOutcome): readonly string[] {
  const { validity } = outcome;
  if (validity === undefined || validity.inForce) return [];
  const follows =
    standsOn(outcome) === 'policy'
      ? 'The policy allows that.'
      : 'So nothing below says that the evidence is good. Fetch the collateral again, or verify with --at a time at which all of it was in force.';
  return [
    `Collateral was not in force at ${validity.at}, the time of verification. ${follows}`,
    ...validity.outOfForce.map(
      ({ part, state, from, until }) => `  ${part} ${states[state]}: it is valid from ${from} until ${until}.`,
    ),
  ];
}

const datesSteps: readonly string[] = ['collateral-dates', 'snp-dates'];

const stepMarks: Readonly<Record<StepResult['status'], Mark>> = {
  passed: 'ok',
  failed: 'failure',
  'not reached': 'info',
};

/** A step that passed on collateral that was not in force is only information. */
export function stepMark({ id, status }: VerifyOutcome['steps'][number], outcome: VerifyOutcome): Mark {
  if (outcome.validity?.inForce === false && datesSteps.includes(id)) return 'warning';
  return status === 'passed' && standsOn(outcome) === 'nothing' ? 'info' : stepMarks[status];
}

/** Which collateral was not in force, or when the first of it ends. */
export function datesWords(dates: {
  readonly expired: readonly string[];
  readonly notYetValid: readonly string[];
  readonly earliestExpiration: string;
}): string {
  const off = [
    ...(dates.notYetValid.length === 0 ? [] : [`not yet valid: ${dates.notYetValid.join(', ')}`]),
    ...(dates.expired.length === 0 ? [] : [`expired: ${dates.expired.join(', ')}`]),
  ];
  return off.length === 0 ? `good until ${dates.earliestExpiration}` : off.join('; ');
}
