import type { DialectChoice } from '../source/dialect.ts';
import type { Findings } from './findings.ts';

/** What came of reading files by a dialect. */
export interface Reading<Result> {
  readonly dialect: DialectChoice;
  readonly findings: Findings;
  readonly result: Result;
}

/**
 * Reads files by a dialect. Where both are asked for and the compilers take different text for the interface, each is asked alone:
 * Intel's reading counts when Intel's compiler accepts it, then Open Enclave's. When both refuse, it is the one with fewer errors.
 */
export function readingOf<Result>(
  dialect: DialectChoice,
  read: (dialect: DialectChoice) => Reading<Result>,
): Reading<Result> {
  const first = read(dialect);
  if (dialect !== 'both' || !first.findings.hasTwoReadings) return first;
  const intel = read('intel');
  if (!intel.findings.hasErrors) return intel;
  const oe = read('oe');
  return !oe.findings.hasErrors || errorsOf(oe) < errorsOf(intel) ? oe : intel;
}

function errorsOf({ findings }: Reading<unknown>): number {
  return findings.diagnostics().filter(({ severity }) => severity !== 'warning').length;
}
