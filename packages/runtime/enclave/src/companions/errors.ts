import { declareErrorsWithAdvice } from '@enclos/errors';
import { advice } from '#advice';

export const companionErrors = declareErrorsWithAdvice(advice, {
  COMPANION_LOST: ['transient', 'The companion process ended before it answered.'],
  COMPANION_UNAVAILABLE: ['usage', 'The enclave has no companions here.'],
  COMPANION_NOT_DECLARED: ['usage', 'The manifest declares no companion or file of this name.'],
  COMPANION_CALL_FAILED: ['refused', 'The function of the companion failed.'],
  COMPANION_INTERFACE_MISMATCH: ['usage', 'Enclave and companion were built with different interfaces.'],
  COMPANION_INVALID: ['usage', 'The module of a companion does not export exactly one companion.'],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof companionErrors, true> {}
}
