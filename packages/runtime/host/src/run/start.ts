import { createCaller, systemInterface, type Functions } from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { Endpoint } from '@enclos/gate';
import { GateTable } from '@enclos/tee';
import type { EnclaveManifest } from '@enclos/manifest';
import { defaultStartTimeoutMs, type LoadOptions } from './load-options.ts';
import type { PreparedImage } from './prepare.ts';

/** Runs the application's `start`, and resolves when it has ended. @throws ENCLAVE_START_FAILED, GATE_CANCELLED, and what the gate ends with */
export async function start<T extends Functions, U extends Functions>(
  endpoint: Endpoint,
  options: LoadOptions<T, U>,
  { manifest, debugging }: PreparedImage<T>,
): Promise<void> {
  await greeted(endpoint, options.signal);
  const system = createCaller(systemInterface.trusted, ({ index, payload, options: call, maxResultBytes }) =>
    endpoint.invoke(GateTable.system, index, payload, { ...call, maxResultBytes }),
  );
  const hostEnvironment = chosenVariables(manifest.environment, options.environment ?? {});
  const timeoutMs = options.startTimeoutMs ?? defaultStartTimeoutMs;
  const { signal, logger } = options;
  const logLevel = options.logLevel ?? (logger === undefined ? undefined : 'info');
  await system
    .start(
      { hostEnvironment, logLevel },
      debugging.callOptions(signal === undefined ? { timeoutMs } : { timeoutMs, signal }),
    )
    .catch((error: unknown) => {
      throw startError(error, timeoutMs);
    });
}

/** What the manifest takes of the host's variables: by its name, or by a beginning, which ends in a star. A measured variable is not given. */
function chosenVariables(
  declared: EnclaveManifest['environment'],
  given: Readonly<Record<string, string>>,
): readonly { readonly name: string; readonly value: string }[] {
  const own = declared.filter(({ name }) => !name.endsWith('*'));
  const names = new Map(own.map(({ name, value }) => [name, value === undefined]));
  const beginnings = declared
    .filter(({ name, value }) => value === undefined && name.endsWith('*'))
    .map(({ name }) => name.slice(0, -1));
  const isChosen = (name: string): boolean =>
    names.get(name) ??
    (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) &&
      beginnings.some((beginning) => name.startsWith(beginning) && name !== beginning));
  return Object.entries(given)
    .filter(([name]) => isChosen(name))
    .map(([name, value]) => ({ name, value }));
}

/**
 * A peer may not raise an error of kind `lost`; here the host itself knows that the enclave is lost, because it ends every
 * enclave that does not start.
 */
function startError(error: unknown, timeoutMs: number): unknown {
  if (isEnclosError(error, 'GATE_DEADLINE') && error.details['remote'] !== true) {
    const late = `The application's start() did not finish within ${timeoutMs} ms (startTimeoutMs).`;
    return new EnclosError('GATE_DEADLINE', late, { details: { timeoutMs }, cause: error });
  }
  const hasNotStarted =
    isEnclosError(error, 'GATE_REMOTE_ERROR') && error.details['remoteCode'] === 'ENCLAVE_START_FAILED';
  return hasNotStarted ? new EnclosError('ENCLAVE_START_FAILED', error.message, { cause: error }) : error;
}

/** @throws GATE_CANCELLED when the signal aborts first. */
async function greeted(endpoint: Endpoint, signal: AbortSignal | undefined): Promise<void> {
  const cancel = (): void =>
    void endpoint.close(new EnclosError('GATE_CANCELLED', undefined, { cause: signal?.reason }));
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted === true) cancel();
  await endpoint.ready.finally(() => signal?.removeEventListener('abort', cancel));
}
