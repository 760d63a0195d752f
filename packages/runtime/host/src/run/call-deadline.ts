import type { Invocation } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { MAX_TIMEOUT_MS, type Endpoint, type InvokeOptions, type PendingCall } from '@enclos/gate';
import { GateTable } from '@enclos/tee';

/** How long a call may take that has no deadline. */
export const defaultCallTimeoutMs = 60_000;

/** How often in the allowed time the pending calls are looked at, so that a call ends at most an eighth late. */
const looks = 8;
const shortestLookMs = 10;

/** What the gate is told of a call: `Infinity` switches off even the default deadline. */
export function gateOptions({
  options,
  maxResultBytes,
}: Pick<Invocation, 'options' | 'maxResultBytes'>): InvokeOptions {
  // Most calls have none, and a literal costs less than a spread of nothing.
  if (options === undefined) return { maxResultBytes };
  if (options.timeoutMs === Infinity) return { ...options, timeoutMs: MAX_TIMEOUT_MS, maxResultBytes };
  return { ...options, maxResultBytes };
}

/**
 * Ends the calls of the application without a deadline after `timeoutMs`. A timer for each call would cost as much as a tenth of a
 * call. So one timer looks at the calls that are pending, and ends those that it has seen often enough.
 * @param names the trusted functions, by index
 */
export function endLateCalls(
  { pending, closed }: Pick<Endpoint, 'pending' | 'closed'>,
  timeoutMs: number,
  names: readonly string[],
): void {
  if (timeoutMs === Infinity) return;
  let seen = new Map<PendingCall, number>();
  const look = (): void => {
    const before = seen;
    seen = new Map();
    for (const call of pending()) {
      const { table, options, index } = call;
      if (table !== GateTable.application || options.timeoutMs !== undefined) continue;
      const times = (before.get(call) ?? 0) + 1;
      if (times <= looks) seen.set(call, times);
      else call.end(late(names[index] ?? '', timeoutMs));
    }
  };
  const timer = setInterval(look, Math.max(shortestLookMs, timeoutMs / looks));
  void closed.then(() => clearInterval(timer));
}

function late(name: string, timeoutMs: number): EnclosError {
  return new EnclosError(
    'GATE_DEADLINE',
    `The call ${name}() did not finish within ${timeoutMs} ms, the default. Give it a "timeoutMs", or set callTimeoutMs.`,
    { details: { timeoutMs } },
  );
}
