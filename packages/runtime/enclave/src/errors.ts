import { declareErrorsWithAdvice } from '@enclos/errors';
import { advice } from '#advice';

export const enclaveErrors = declareErrorsWithAdvice(advice, {
  ENCLAVE_NOT_BOOTED: ['usage', 'An enclave function was called outside an enclave.'],
  ENCLAVE_HOST_LOST: ['lost', 'The host is gone.'],
  ENCLAVE_NO_APPLICATION: ['usage', "The enclave's main module does not export exactly one application."],
  ENCLAVE_INTERFACE_MISMATCH: ['usage', 'The application serves another interface than the manifest names.'],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof enclaveErrors, true> {}
}
