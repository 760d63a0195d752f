/**
 * Waits for work until a signal aborts, whatever the work does about it. No listener stays on the signal afterwards, so one
 * signal may serve any number of waits.
 * @throws what the work throws, or the reason of the signal.
 */
export function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    work.finally(() => signal.removeEventListener('abort', abort)).then(resolve, reject);
  });
}

/**
 * Waits for one step of an exchange, and aborts the whole exchange when the step takes too long.
 * @throws what the step throws; the reason of the abort.
 */
export async function withinTime<T>(exchange: AbortController, timeoutMs: number, step: Promise<T>): Promise<T> {
  const timer = setTimeout(() => exchange.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await untilAborted(exchange.signal, step);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * An exchange with a deadline: its signal aborts when the time is up, and always when the exchange ends, because the rest of an
 * answer is not wanted. Wait for each step by `untilAborted` or `boundedBody`: then the exchange takes no longer than the time
 * allowed, whatever the other side or the network function does.
 *
 * @throws what the exchange throws.
 * @example
 * const body = await underDeadline(15_000, async (signal) => {
 *   const response = await untilAborted(signal, fetch(url, { signal }));
 *   return boundedBody(response, 65_536, signal);
 * });
 */
export async function underDeadline<T>(timeoutMs: number, exchange: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await exchange(abort.signal);
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

/** Waits for work that never rejects, and no longer than this. The work goes on. */
export async function settledWithin(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
