import type { ErrorCode } from '@enclos/errors';
import { gateAnswerErrors } from '@enclos/gate';

/**
 * What the two ends of an enclave's gate may raise at the other end. A code is
 * something that the receiver acts on, so neither side may use one that is for
 * somebody else to say: a host must not say SEAL_NOT_OPENED, which is the
 * enclave's own verdict, and a living enclave must not say ENCLAVE_LOST.
 */

/** What became of a stream: the host's word inside, and an enclave may pass it on. */
const streamErrors: readonly ErrorCode[] = [
  'STREAM_NOT_DECLARED',
  'STREAM_LIMIT',
  'STREAM_REFUSED',
  'STREAM_CONNECT_FAILED',
  'STREAM_BROKEN',
];

/** What an enclave may raise at its host: its verdicts, refusals of its arguments, and failures of the host that it relays. */
export const errorsFromEnclave: readonly ErrorCode[] = Object.freeze([
  ...gateAnswerErrors,
  'EDL_VALUE_REFUSED',
  'EDL_UNKNOWN_FUNCTION',
  'ENCLAVE_CALL_FAILED',
  'ENCLAVE_APPLICATION_ERROR',
  'ENCLAVE_FILE_REFUSED',
  'ENCLAVE_FILE_NOT_DECLARED',
  'ENCLAVE_MOUNT_REFUSED',
  'ENCLAVE_VARIABLE_NOT_DECLARED',
  'SEAL_NOT_OPENED',
  'SEAL_SVN_TOO_NEW',
  'SEAL_CPUSVN_TOO_NEW',
  'REPORT_NOT_VERIFIED',
  'HOST_CALL_FAILED',
  'HOST_MOUNT_REFUSED',
  'HOST_STORAGE_FULL',
  ...streamErrors,
  'STREAM_HANDSHAKE_FAILED',
]);

/** What a host may raise in its enclave: that it did not do what was asked, and nothing about anything else. */
export const errorsFromHost: readonly ErrorCode[] = Object.freeze([
  ...gateAnswerErrors,
  'EDL_VALUE_REFUSED',
  'EDL_UNKNOWN_FUNCTION',
  'HOST_CALL_FAILED',
  'HOST_MOUNT_REFUSED',
  'HOST_STORAGE_FULL',
  ...streamErrors,
]);
