import { underDeadline, untilAborted } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';
import type { EnclaveExit } from '@enclos/tee';
import type { LogFields } from '../observe/logger.ts';
import { codeOf, type Watch } from '../observe/watch.ts';

/*
 * What the loaders of all kinds of enclaves share: how a step of the load is observed, and how the end is told.
 */

/** Why an enclave ends: its host disposes of it, or it is lost. Disposing of an enclave that has already ended is a loss. */
export class EndCause {
  #hasEnded = false;
  #isHost = false;

  /** @param ends the first of these to settle is the end. */
  constructor(ends: readonly Promise<unknown>[]) {
    for (const end of ends) void end.then(() => (this.#hasEnded = true));
  }

  get isHost(): boolean {
    return this.#isHost;
  }

  hostDisposes(): void {
    this.#isHost ||= !this.#hasEnded;
  }
}

/** The end of an enclave. */
export interface EnclaveEnding {
  /** Settles when everything of it has ended. */
  readonly ended: Promise<void>;
  readonly exited: Promise<EnclaveExit>;
  readonly cause: EndCause;
  /** What is known of the enclave besides. */
  readonly fields: LogFields;
}

/** Logs the end of an enclave after it has ended. */
export async function reportEnd(watch: Watch, { ended, exited, cause, fields }: EnclaveEnding): Promise<void> {
  await ended;
  const { exitCode, signal, detail } = await exited;
  if (cause.isHost) return watch.event('disposed', 'info', 'The enclave was ended by its host.', fields);
  watch.event('lost', 'error', 'The enclave is gone.', {
    ...fields,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    // The other lines are the error output of a debug enclave.
    reason: detail.split('\n', 1)[0] ?? '',
  });
}

/** Counts and times a step of the load. */
export async function observed<R>(
  watch: Watch | undefined,
  kind: 'load' | 'start',
  step: () => Promise<R>,
): Promise<R> {
  const observation = watch?.begin({ kind, function: '' });
  try {
    const result = await step();
    observation?.end('OK');
    return result;
  } catch (error) {
    observation?.end(codeOf(error, 'ENCLAVE_START_FAILED'));
    throw error;
  }
}

/** @throws TEE_PLATFORM_UNREACHABLE when the end was not reported in time. */
export async function endedInTime(end: Promise<void>, timeoutMs: number): Promise<void> {
  if (timeoutMs === Infinity) return end;
  try {
    await underDeadline(timeoutMs, (signal) => untilAborted(signal, end));
  } catch (cause) {
    const late = `The platform did not report the end of the enclave within ${timeoutMs} ms (disposeTimeoutMs).`;
    throw new EnclosError('TEE_PLATFORM_UNREACHABLE', late, { details: { timeoutMs }, cause });
  }
}
