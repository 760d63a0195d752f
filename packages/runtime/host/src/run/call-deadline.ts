import { watchLateWork } from '@enclos/bounded';
import type { Invocation } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { MAX_TIMEOUT_MS, type Endpoint, type InvokeOptions, type PendingCall } from '@enclos/gate';
import { GateTable } from '@enclos/tee';

/** How long a call may take that has no deadline. */
export const defaultCallTimeoutMs = 60_000;

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
 * Ends the calls of the application without a deadline after `timeoutMs`.
 * @param names the trusted functions, by index
 */
export function endLateCalls(
  { pending, closed }: Pick<Endpoint, 'pending' | 'closed'>,
  timeoutMs: number,
  names: readonly string[],
): void {
  if (timeoutMs === Infinity) return;
  const timer = watchLateWork(
    timeoutMs,
    () => [...pending()].filter(hasUsualTime),
    (call) => call.end(late(names[call.index] ?? '', timeoutMs)),
  );
  void closed.then(() => clearInterval(timer));
}

function hasUsualTime({ table, options }: PendingCall): boolean {
  return table === GateTable.application && options.timeoutMs === undefined;
}

function late(name: string, timeoutMs: number): EnclosError {
  return new EnclosError(
    'GATE_DEADLINE',
    `The call ${name}() did not finish within ${timeoutMs} ms, the default. Give it a "timeoutMs", or set callTimeoutMs.`,
    { details: { timeoutMs } },
  );
}
