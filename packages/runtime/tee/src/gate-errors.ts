import { declareErrorsWithAdvice, isErrorCode, type ErrorCode } from '@enclos/errors';
import { gateAnswerErrors } from '@enclos/gate';
import { advice } from '#advice';

/*
 * The errors that each end of an enclave's gate may raise at the other end. The receiver acts on a code, so neither side may
 * use a code that only the other can know: a host must not send SEAL_NOT_OPENED, which is the enclave's verdict, and a living
 * enclave must not send ENCLAVE_LOST. They are declared here, below both ends, because the receiver needs their kinds and does
 * not hold the package that throws them.
 */

/** The verdicts of an enclave, which its host receives. */
export const enclaveErrors = declareErrorsWithAdvice(advice, {
  SEAL_NOT_OPENED: ['refused', 'The sealed blob could not be opened.'],
  SEAL_SVN_TOO_NEW: ['refused', 'The blob was sealed by a later security version of the enclave.'],
  SEAL_CPUSVN_TOO_NEW: ['refused', 'The blob was sealed on a platform with a later CPUSVN.'],
  REPORT_NOT_VERIFIED: ['evidence', 'The local report is for another enclave, or carries other report data.'],
  ENCLAVE_CALL_FAILED: ['refused', 'The trusted function failed; the reason stays inside.'],
  ENCLAVE_APPLICATION_ERROR: ['refused', 'The application refused the call.'],
  ENCLAVE_FILE_REFUSED: ['evidence', 'A file of the host is not the one that the manifest names.'],
  ENCLAVE_VARIABLE_NOT_DECLARED: ['usage', 'The manifest does not declare the environment variable.'],
  ENCLAVE_FILE_NOT_DECLARED: ['usage', 'The manifest names no embedded file, trusted file or mount of this path.'],
  ENCLAVE_MOUNT_REFUSED: ['usage', 'The mount does not allow the operation.'],
  STREAM_HANDSHAKE_FAILED: ['refused', 'The TLS handshake on a connection did not succeed in time.'],
});

/** The host did not carry out a request. An enclave may pass this on to its host. */
export const hostErrors = declareErrorsWithAdvice(advice, {
  HOST_CALL_FAILED: ['refused', 'The untrusted function failed on the host.'],
  HOST_STORAGE_FULL: ['transient', 'The disk of the host has no space for the file.'],
  HOST_MOUNT_REFUSED: ['usage', 'The mount or file is not available on the host.'],
});

/** Failures of streams. The host reports them, and an enclave may pass them on. */
export const streamErrors = declareErrorsWithAdvice(advice, {
  STREAM_NOT_DECLARED: ['usage', 'The manifest declares no listener or destination of this name.'],
  STREAM_LIMIT: ['refused', 'The enclave has reached its limit of open streams.'],
  STREAM_REFUSED: ['refused', 'The operation on a stream is not one that the other side carries out.'],
  STREAM_CONNECT_FAILED: ['transient', 'The host could not connect to a declared destination.'],
  STREAM_TRANSPORT_UNAVAILABLE: ['usage', 'The enclave wants its connections passed, which cannot be done here.'],
  STREAM_BROKEN: ['transient', 'The connection broke before it was closed in order.'],
});

declare module '@enclos/errors' {
  interface ErrorCodes
    extends
      Record<keyof typeof enclaveErrors, true>,
      Record<keyof typeof hostErrors, true>,
      Record<keyof typeof streamErrors, true> {}
}

/** What a host may raise in its enclave: only that it did not carry out a request. */
export const errorsFromHost: readonly ErrorCode[] = Object.freeze([
  ...gateAnswerErrors,
  'EDL_VALUE_REFUSED',
  'EDL_UNKNOWN_FUNCTION',
  ...Object.keys({ ...hostErrors, ...streamErrors }).filter(isErrorCode),
]);

/** What an enclave may raise at its host: its verdicts, refusals of its arguments, and failures of the host that it relays. */
export const errorsFromEnclave: readonly ErrorCode[] = Object.freeze([
  ...errorsFromHost,
  ...Object.keys(enclaveErrors).filter(isErrorCode),
]);
