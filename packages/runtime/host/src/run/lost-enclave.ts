import { underDeadline, untilAborted } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';
import type { Transport, TransportEvents } from '@enclos/gate';
import { mendShown } from '../debug/readable-output.ts';
import type { EnclaveExit, LaunchedEnclave } from '@enclos/tee';

/** How long the platform may take to say why a process has ended, after the end of its gate. */
const reportTimeoutMs = 2000;

/** Why a process has ended, when the platform says it in time: the gate may end long before. Never rejects. */
export function reportedExit(exited: Promise<EnclaveExit>): Promise<EnclaveExit | undefined> {
  return underDeadline(reportTimeoutMs, (signal) => untilAborted(signal, exited)).catch(() => undefined);
}

/** The end of an enclave, as the host learns of it. */
export interface EnclaveEnd {
  /** Passes on the end of the gate only when it is known why, so that the errors of all pending calls can say it. */
  readonly delayed: (transport: Transport) => Transport;
  /** The error of a call that gets no answer. */
  readonly lostError: (cause: unknown) => EnclosError;
}

/** @param readable turns the exit into what people read */
export function watchEnd(
  { exited, terminate }: Pick<LaunchedEnclave, 'exited' | 'terminate'>,
  readable: (exit: EnclaveExit) => EnclaveExit,
): EnclaveEnd {
  let known: EnclaveExit | undefined;
  const endAfterReport = async (events: TransportEvents, error: Error | undefined): Promise<void> => {
    // An enclave that only closed its gate would not end by itself.
    void terminate();
    try {
      const exit = await reportedExit(exited);
      known = exit && readable(exit);
    } finally {
      events.end(error);
    }
  };
  return Object.freeze({
    delayed: (transport: Transport) => ({
      ...transport,
      start: (events: TransportEvents) =>
        transport.start({ ...events, end: (error) => void endAfterReport(events, error) }),
    }),
    lostError: (cause: unknown) => endError('ENCLAVE_LOST', known, cause),
  });
}

const says = { ENCLAVE_LOST: 'The enclave is gone.', ENCLAVE_START_FAILED: 'The enclave did not start.' };

/**
 * The error for an enclave that has ended: why, as far as that is known. For a production enclave the detail of an exit holds
 * nothing from inside.
 */
export function endError(
  code: keyof typeof says,
  exit: EnclaveExit | undefined,
  cause: unknown,
): EnclosError<keyof typeof says> {
  const detail = exit?.detail ?? '';
  // Only a debug enclave has output, after the first line.
  const next = detail.includes('\n') ? mendShown : undefined;
  return new EnclosError(code, `${says[code]} ${detail}`.trimEnd(), { cause, next });
}
