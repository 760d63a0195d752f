import type { ErrorCode } from '../registry/index.ts';
import type { ErrorEntry, ErrorKind } from '../registry/kinds.ts';
import { summaries } from './summaries.ts';

/**
 * What stands for the registry inside an enclave (see `imports` in package.json): the codes that
 * are raised there or may arrive there, without the advice for people, who are outside.
 */
const next = 'Outside of the enclave its error code says what to do.';

const entriesOf = ([kind, codes]: [string, Readonly<Record<string, string>>]): [string, ErrorEntry][] =>
  // The groups of `summaries` are the kinds.
  Object.entries(codes).map(([code, summary]) => [code, { kind: kind as ErrorKind, summary, next }]);

// A code that is not here is of a package that no enclave holds: a test keeps it so.
export const errorRegistry = Object.fromEntries(Object.entries(summaries).flatMap(entriesOf)) as Readonly<
  Record<ErrorCode, ErrorEntry>
>;
