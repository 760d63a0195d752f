import { declaredErrors, isErrorCode, type ErrorCode } from '@enclos/errors';
import { gateAnswerErrors } from '@enclos/gate';

/**
 * The areas in which the platform has the word: launching, keys, reports and
 * quotes, and the files, the devices and the machine that they need. Not the verdicts of an
 * enclave or a verifier (SEAL_, REPORT_NOT_VERIFIED, EVIDENCE_), which neither
 * host nor enclave takes from it.
 */
const platformAreas =
  /^(?:LAUNCH|KEY|REPORT_REQUEST|QUOTE|ISOLATION|INTERPRETER|PLATFORM|IMAGE|MANIFEST|SGX|SGXS|SIGSTRUCT|ENDORSEMENTS_ELSEWHERE|COLLATERAL|TCB|TEE_(?:PLATFORM_FAILED|CAPABILITY|DEVICE|EVIDENCE)|EDL|CODEC)(?:_|$)/;

/**
 * What the platform may raise at hosts and enclaves, which both trust it, of what this process knows: an enclave knows
 * fewer than a host, and takes the others as GATE_REMOTE_ERROR. The gate itself refuses those of kind `lost`.
 */
export function errorsFromPlatform(): readonly ErrorCode[] {
  const codes = [...declaredErrors.keys()].filter(isErrorCode);
  return [...gateAnswerErrors, ...codes.filter((code) => platformAreas.test(code))];
}

/** What enclaves and hosts may raise at the platform: nothing but that there is no answer. */
export const errorsToPlatform: readonly ErrorCode[] = gateAnswerErrors;
