import { declaredErrors, isErrorCode, type ErrorCode } from '@enclos/errors';
import { gateAnswerErrors } from '@enclos/gate';

/**
 * The areas in which the platform decides: launching, keys, reports and quotes, and the files, devices and machine that they
 * need. Not the verdicts of an enclave or a verifier (SEAL_, REPORT_NOT_VERIFIED, EVIDENCE_), which neither host nor enclave
 * accepts from it.
 */
const platformAreas =
  /^(?:LAUNCH|KEY|REPORT_REQUEST|QUOTE|ISOLATION|INTERPRETER|PLATFORM|IMAGE|MANIFEST|PROGRAM|SGX|SGXS|SIGSTRUCT|ENDORSEMENTS_ELSEWHERE|STREAM_TRANSPORT_UNAVAILABLE|COLLATERAL|TCB|TEE_(?:PLATFORM_FAILED|CAPABILITY|DEVICE|EVIDENCE)|EDL|CODEC)(?:_|$)/;

/**
 * The codes, out of those that this process knows, that the platform may raise at hosts and enclaves, which both trust it. An
 * enclave knows fewer codes than a host, and reads the others as GATE_REMOTE_ERROR. The gate itself refuses those of kind
 * `lost`.
 */
export function errorsFromPlatform(): readonly ErrorCode[] {
  const codes = [...declaredErrors.keys()].filter(isErrorCode);
  return [...gateAnswerErrors, ...codes.filter((code) => platformAreas.test(code))];
}

/** What enclaves and hosts may raise at the platform: only that there is no answer. */
export const errorsToPlatform: readonly ErrorCode[] = gateAnswerErrors;
