import { declareErrors } from '@enclos/errors';

export const platformErrors = declareErrors({
  ENCLAVE_REMOVED: ['lost', 'The enclave was removed, or this CPU never loaded it.', 'Load the enclave again.'],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof platformErrors, true> {}
}
