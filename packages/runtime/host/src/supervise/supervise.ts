import type { Functions } from '@enclos/edl';
import { MAX_TIMEOUT_MS } from '@enclos/gate';
import { enter } from '../report/entrance.ts';
import { callerOf } from '../run/enclave.ts';
import { requireRange } from '../run/option-range.ts';
import { prepare } from '../run/prepare.ts';
import { runEnclave } from '../run/running-enclave.ts';
import { createWatch } from '../observe/watch.ts';
import { resolvePolicy } from './restart-policy.ts';
import type { SupervisedEnclave, SuperviseOptions } from './supervision.ts';
import { Supervisor } from './supervisor.ts';
import { systemClock, WaitingCalls } from './waiting-calls.ts';

const defaultMaxWaitingCalls = 256;

/**
 * Loads an enclave, and loads it again when it ends by itself. A failure of the first load is thrown; `signal` applies only to
 * that load.
 * @throws as {@link loadEnclave}, and HOST_OPTION_INVALID
 * @example
 * ```ts
 * import { defineInterface, func, string } from '@enclos/edl';
 * import { fromEnvironment, superviseEnclave } from '@enclos/host';
 *
 * const greeter = defineInterface({
 *   name: 'greeter',
 *   trusted: { greet: func({ name: string({ maxBytes: 64 }) }, string({ maxBytes: 128 })) },
 *   untrusted: {},
 * });
 *
 * // Loads the image again after a crash. Calls that were pending then fail with ENCLAVE_LOST.
 * export const enclave = await superviseEnclave({ ...(await fromEnvironment()), interface: greeter, untrusted: {} });
 * ```
 */
export async function superviseEnclave<T extends Functions, U extends Functions>(
  options: SuperviseOptions<T, U>,
): Promise<SupervisedEnclave<T>> {
  return await enter(superviseEnclave, () => supervise(options));
}

async function supervise<T extends Functions, U extends Functions>(
  options: SuperviseOptions<T, U>,
): Promise<SupervisedEnclave<T>> {
  const { waitMs = 0, maxWaitingCalls = defaultMaxWaitingCalls } = options;
  const policy = resolvePolicy(options.restart);
  requireRange('waitMs', waitMs, { min: 0, max: MAX_TIMEOUT_MS });
  requireRange('maxWaitingCalls', maxWaitingCalls, { min: 0, max: 1_048_576 });
  const prepared = prepare(options);
  const watch = createWatch(prepared.manifest.name, options);
  const first = await runEnclave(options, prepared, watch);
  const waiting = new WaitingCalls({ clock: options.clock ?? systemClock, waitMs, maxCalls: maxWaitingCalls });
  const supervisor = new Supervisor({ options, policy, prepared, watch, first, waiting });
  const { identity } = first;
  const dispose = (): Promise<void> => supervisor.dispose();
  return Object.freeze({
    call: callerOf(options.interface.trusted, supervisor.invoke, watch),
    identity,
    manifest: prepared.manifest,
    listeners: first.listeners,
    get isolation() {
      return supervisor.isolation;
    },
    get restarts() {
      return supervisor.restarts;
    },
    get state() {
      return supervisor.state;
    },
    ended: supervisor.ended,
    dispose,
    [Symbol.asyncDispose]: dispose,
  });
}
