import type { Budget } from '../budget.ts';

export type SortKey = string | number | bigint;

/** Strings by code points, as the specification has it, and not by UTF-16 code units. */
export function compareKeys(left: SortKey, right: SortKey, budget: Budget): number {
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right, budget);
  budget.charge();
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareText(left: string, right: string, budget: Budget): number {
  const length = Math.min(left.length, right.length);
  let at = 0;
  while (at < length && left.charCodeAt(at) === right.charCodeAt(at)) at++;
  budget.chargeText(at);
  if (at === length) return left.length - right.length;
  return order(left.charCodeAt(at)) - order(right.charCodeAt(at));
}

/** Surrogates stand for code points above all others. */
function order(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

/** Stable. Each comparison is charged. */
export function sortedBy<T>(entries: readonly (readonly [SortKey, T])[], budget: Budget): (readonly [SortKey, T])[] {
  return entries.toSorted(([left], [right]) => compareKeys(left, right, budget));
}
