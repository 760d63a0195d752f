/** How often in the allowed time the work is looked at, so that it ends at most an eighth late. */
const looks = 8;
const shortestLookMs = 10;

/**
 * Finds work that takes longer than the usual time. A timer for each piece of work costs as much as a tenth of a short call. So one
 * timer looks at all that is pending, and counts how often it has seen each piece.
 * @param timeoutMs the usual time: work ends when it has taken as long, and at most an eighth longer
 * @param pending all work that has the usual time, asked for at each look
 * @param late called for work that has taken too long, and again after the same time if it stays pending
 * @returns the timer that looks, which runs until it is cleared
 */
export function watchLateWork<T extends object>(
  timeoutMs: number,
  pending: () => Iterable<T>,
  late: (work: T) => void,
): ReturnType<typeof setInterval> {
  let seen = new Map<T, number>();
  const look = (): void => {
    const before = seen;
    seen = new Map();
    for (const work of pending()) {
      const times = (before.get(work) ?? 0) + 1;
      if (times <= looks) seen.set(work, times);
      else late(work);
    }
  };
  return setInterval(look, Math.max(shortestLookMs, timeoutMs / looks));
}
