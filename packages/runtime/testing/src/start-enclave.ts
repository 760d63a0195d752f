import { after } from 'node:test';
import type { Functions, Interface } from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { fromEnvironment, loadEnclave, type Enclave, type HostEnvironment, type LoadOptions } from '@enclos/host';
import type { SoftwareLauncher } from '@enclos/tee';
import type { HostileHost } from './hostile/host.ts';

/** What a test chooses; image, signature and platform come from `enclos test`. */
export interface StartOptions<T extends Functions, U extends Functions> extends Omit<
  LoadOptions<T, U>,
  'interface' | 'untrusted' | keyof HostEnvironment
> {
  /** The functions that the host offers, or what makes them from the platform: a host asks it for endorsements. */
  readonly untrusted: HostHandlers<T, U> | ((launcher: SoftwareLauncher) => HostHandlers<T, U>);
  /** A host that lies: see `createHostileHost` of `@enclos/testing/hostile`. */
  readonly host?: Pick<HostileHost, 'through'>;
}

type HostHandlers<T extends Functions, U extends Functions> = LoadOptions<T, U>['untrusted'];

/** A running enclave of the project. */
export interface TestEnclave<T extends Functions> extends Enclave<T> {
  /** The platform: `describe()` tells its root, and `endorsements()` what a verifier of its evidence needs. */
  readonly launcher: SoftwareLauncher;
}

const running = new Set<() => Promise<void>>();

// Here and not in `startEnclave`: a hook that is added in a `before` hook runs when that hook ends.
after(async () => {
  await Promise.allSettled([...running].map((dispose) => dispose()));
});

/**
 * Starts the enclave of the project, a real one in its own process, on the platform of `enclos test`. It is disposed of after
 * the last test of the file at the latest, also when tests fail; `await using` or `dispose()` ends it earlier. Each start loads
 * the same image on the same machine, so a second start opens what the first one sealed.
 * @param definition the interface that the image was built with.
 * @throws TESTING_NO_PLATFORM unless `enclos test` runs the file, and what `loadEnclave` throws.
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { test } from 'node:test';
 * import { defineInterface, func, string } from '@enclos/edl';
 * import { startEnclave } from '@enclos/testing';
 *
 * const greeter = defineInterface({
 *   name: 'greeter',
 *   trusted: { greet: func({ name: string({ maxBytes: 64 }) }, string({ maxBytes: 128 })) },
 *   untrusted: {},
 * });
 *
 * test('greets by name', async () => {
 *   const enclave = await startEnclave(greeter, { untrusted: {} });
 *   assert.equal(await enclave.call.greet({ name: 'Ada' }), 'Hello, Ada.');
 * });
 * ```
 */
export async function startEnclave<T extends Functions, U extends Functions>(
  definition: Interface<T, U>,
  options: StartOptions<T, U>,
): Promise<TestEnclave<T>> {
  const environment = await platformOfTests();
  const { launcher } = environment;
  const load = async (): Promise<Enclave<T>> => {
    const untrusted = typeof options.untrusted === 'function' ? options.untrusted(launcher) : options.untrusted;
    const { host, ...chosen } = options;
    const hosted = host?.through(launcher) ?? launcher;
    return loadEnclave({ ...environment, ...chosen, launcher: hosted, untrusted, interface: definition });
  };
  const enclave = await load().catch(async (error: unknown) => {
    await launcher.close();
    throw error;
  });
  const dispose = async (): Promise<void> => {
    running.delete(dispose);
    await enclave.dispose();
    await launcher.close();
  };
  running.add(dispose);
  return Object.freeze({ ...enclave, launcher, dispose, [Symbol.asyncDispose]: dispose });
}

async function platformOfTests(): Promise<HostEnvironment> {
  try {
    return await fromEnvironment();
  } catch (error) {
    if (!isEnclosError(error, 'HOST_ENVIRONMENT_MISSING')) throw error;
    throw new EnclosError('TESTING_NO_PLATFORM', `No platform was started for this test: ${error.message}`, {
      cause: error,
    });
  }
}
