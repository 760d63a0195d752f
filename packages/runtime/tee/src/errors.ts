import { declareErrorsWithAdvice } from '@enclos/errors';
import { advice } from '#advice';

export const teeErrors = declareErrorsWithAdvice(advice, {
  TEE_PLATFORM_UNREACHABLE: ['transient', 'The platform process does not answer.'],
  TEE_PLATFORM_LOST: ['lost', 'The connection to the platform process ended.'],
  TEE_PLATFORM_FAILED: ['transient', 'The platform process failed to serve a call.'],
  TEE_PROTOCOL_MISMATCH: ['usage', 'The two sides of a platform channel speak different protocol versions.'],
  TEE_CAPABILITY_MISSING: ['usage', 'The platform lacks this capability.'],
  TEE_DEVICE_MISSING: ['usage', 'The interface of this platform is missing or may not be used.'],
  TEE_DEVICE_FAILED: ['transient', 'The interface of this platform failed or did not answer in time.'],
  TEE_EVIDENCE_UNEXPECTED: ['evidence', 'The platform gave something other than what was asked for.'],
  TEE_GATE_REFUSED: ['refused', 'The other end of the gate could not prove that it was started with it.'],
  ENCLAVE_START_FAILED: ['lost', 'The enclave process ended before it was ready, or could not be made.'],
});

export const platformErrors = declareErrorsWithAdvice(advice, {
  KEY_REQUEST_INVALID: ['usage', 'The key request is malformed or sets bits that this enclave may not use.'],
  KEY_NOT_PERMITTED: ['refused', 'The enclave may not ask for a key of this name.'],
  KEY_SVN_TOO_NEW: ['refused', 'The key belongs to a newer security version of the enclave.'],
  KEY_CPUSVN_TOO_NEW: ['refused', 'The key belongs to a newer platform security version (CPUSVN).'],
  KEY_CONFIGSVN_TOO_NEW: ['refused', 'The key belongs to a newer configuration security version.'],
  REPORT_REQUEST_INVALID: ['usage', 'The TARGETINFO or the report data of a report request is malformed.'],
  QUOTE_REPORT_REFUSED: ['evidence', 'The report was not made on this machine for this quoting enclave.'],
});

export const hostErrors = declareErrorsWithAdvice(advice, {
  HOST_INTERFACE_MISMATCH: ['usage', 'The host and the image were built with different interfaces.'],
});

declare module '@enclos/errors' {
  interface ErrorCodes
    extends
      Record<keyof typeof teeErrors, true>,
      Record<keyof typeof platformErrors, true>,
      Record<keyof typeof hostErrors, true> {}
}
