import type { DurationsMs } from '@enclos/attestation';

const secondMs = 1000;
const units = [
  ['day', 86_400 * secondMs],
  ['hour', 3600 * secondMs],
  ['minute', 60 * secondMs],
  ['second', secondMs],
] as const;

/** `7 days`: in the largest unit that comes out even. */
function duration(timeMs: number): string {
  const [name, unitMs] = units.find(([, unit]) => timeMs % unit === 0 && timeMs >= unit) ?? ['millisecond', 1];
  const count = timeMs / unitMs;
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** A rule that need not be there. */
export function listed(values: readonly string[] | undefined, what: string): readonly string[] {
  return values === undefined ? [] : [`Its ${what} must be ${oneOf('value', values)}.`];
}

export function oneOf(what: string, values: readonly string[]): string {
  return values.length === 1 ? `${what} ${values[0]}` : `one of ${values.length} ${what}s: ${values.join(', ')}`;
}

/** A rule with a duration for all parts of collateral, or one for each; `without` is what holds when it is not there. */
export function durationSentences(
  rule: DurationsMs<string> | undefined,
  { all, sentence, without }: { all: string; sentence: (time: string, what: string) => string; without: string },
): readonly string[] {
  if (rule === undefined) return [without];
  if (typeof rule === 'number') return [sentence(duration(rule), all)];
  return Object.entries(rule).map(([part, time = 0]) =>
    sentence(duration(time), part === 'default' ? 'Other collateral' : part),
  );
}
