import type { Caller, Functions } from '@enclos/edl';
import { MAX_TIMEOUT_MS } from '@enclos/gate';
import { enter } from '../report/entrance.ts';
import { callerOf } from '../run/enclave.ts';
import { requireRange } from '../run/option-range.ts';
import { prepare } from '../run/prepare.ts';
import { createWatch } from '../observe/watch.ts';
import { firstEnclave } from './first-load.ts';
import { PlatformLink } from './platform-link.ts';
import { repeatWork } from './repeat.ts';
import { resolvePolicy } from './restart-policy.ts';
import type { RepeatOptions, SupervisedEnclave, SuperviseOptions } from './supervision.ts';
import { Supervisor } from './supervisor.ts';
import { systemClock, WaitingCalls } from './waiting-calls.ts';

const defaultMaxWaitingCalls = 256;

/**
 * Loads an enclave, and loads it again when it ends by itself. A failure of the first load is thrown, unless the platform ended
 * during it and `reconnect` finds the next one; `signal` applies only to that load.
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
  const platform = new PlatformLink(options.launcher, options.reconnect);
  const first = await firstEnclave(options, { prepared, watch, platform }).catch(async (error: unknown) => {
    await platform.close().catch(() => undefined);
    throw error;
  });
  const waiting = new WaitingCalls({ clock: options.clock ?? systemClock, waitMs, maxCalls: maxWaitingCalls });
  const supervisor = new Supervisor({ options, policy, prepared, watch, platform, first, waiting });
  const { identity } = first;
  const dispose = (): Promise<void> => supervisor.dispose();
  return Object.freeze({
    call: callerOf(options.interface.trusted, supervisor.invoke, watch),
    repeat: <R>(work: (call: Caller<T>, attempt: number) => Promise<R>, repeating?: RepeatOptions) =>
      repeatWork(
        () => supervisor.next(),
        (enclave, attempt) => work(callerOf(options.interface.trusted, enclave.invoke, watch), attempt),
        repeating,
      ),
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
