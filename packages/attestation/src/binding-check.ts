import { toHex } from '@enclos/codec';
import type { Binding } from './binding.ts';
import { misused } from './refusal.ts';

/** What came of a binding. */
export type BoundBy<Kind extends string> =
  | { readonly kind: Kind }
  | { readonly kind: 'unbound'; readonly reason: string };

/**
 * Compares the expected report data, 64 bytes, with those of the evidence.
 *
 * @param refuse what to do when they differ.
 * @throws VERIFIER_MISUSED for a binding that is missing or malformed.
 */
export function checkReportData(reportData: string, binding: Binding, refuse: () => never): BoundBy<'report-data'> {
  const expected = readBinding(binding, 'reportData');
  if (!(expected instanceof Uint8Array)) return expected;
  if (expected.length !== 64) misused('binding.reportData is not 64 bytes.');
  if (toHex(expected) !== reportData) refuse();
  return Object.freeze({ kind: 'report-data' });
}

/**
 * The bytes that are expected, or the reason why none are.
 *
 * @throws VERIFIER_MISUSED for a binding that is missing or malformed: untyped callers may leave it out, and that is
 * the mistake this argument exists to prevent.
 */
export function readBinding(
  binding: unknown,
  name: string,
): Uint8Array | { readonly kind: 'unbound'; readonly reason: string } {
  const given = new Map<string, unknown>(
    typeof binding === 'object' && binding !== null ? Object.entries(binding) : [],
  );
  const expected = given.get(name);
  const unbound = given.get('unbound');
  if (expected instanceof Uint8Array && unbound === undefined) return expected;
  if (typeof unbound === 'string' && unbound.trim() !== '' && expected === undefined) {
    return Object.freeze({ kind: 'unbound', reason: unbound });
  }
  return misused(`The binding is missing: give ${name}, or unbound(reason).`);
}
