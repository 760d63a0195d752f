import type { Budget } from '../budget.ts';
import type { Work } from '../work.ts';

export type SortKey = string | number | bigint;
export type KeyedItem<T> = readonly [SortKey, T];

/** Compares strings by code points, as the specification requires, not by UTF-16 code units. */
export function compareKeys(left: SortKey, right: SortKey, budget: Budget): number {
  budget.charge();
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right, budget);
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

/**
 * A stable merge sort, from runs of one entry up. Each comparison and each move is charged, so the charge is n log n. The order
 * of Array.prototype.sort is the same, but it could not be paused.
 */
export function* sortedBy<T>(entries: readonly KeyedItem<T>[], budget: Budget): Work<readonly KeyedItem<T>[]> {
  let from = entries;
  for (let width = 1; width < entries.length; width *= 2) {
    const to: KeyedItem<T>[] = [];
    for (let start = 0; start < from.length; start += 2 * width) {
      yield* merge(from, { start, middle: start + width, to, budget });
    }
    from = to;
  }
  return from;
}

interface Merge<T> {
  /** The runs are [start, middle) and as many entries after it, as far as there are any. */
  readonly start: number;
  readonly middle: number;
  readonly to: KeyedItem<T>[];
  readonly budget: Budget;
}

function* merge<T>(from: readonly KeyedItem<T>[], { start, middle, to, budget }: Merge<T>): Work<void> {
  const end = Math.min(2 * middle - start, from.length);
  let [left, right] = [start, middle];
  while (left < middle || right < end) {
    budget.charge();
    if (budget.isPauseDue) yield;
    const [one, other] = [left < middle ? from[left] : undefined, right < end ? from[right] : undefined];
    const takesLeft = other === undefined || (one !== undefined && compareKeys(one[0], other[0], budget) <= 0);
    const taken = takesLeft ? one : other;
    if (taken === undefined) return;
    to.push(taken);
    if (takesLeft) left++;
    else right++;
  }
}
