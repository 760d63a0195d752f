import { declareErrors } from '@enclos/errors';

export const sgxHostErrors = declareErrors({
  SGX_ARENA_FULL: [
    'refused',
    'The memory that a signed enclave shares with its host has no room.',
    'Load the enclave with a larger `arenaBytes`, or make fewer or smaller calls at once.',
  ],
  SGX_TOO_MANY_CALLS: [
    'transient',
    'Too many calls of a signed enclave wait for a free thread.',
    'Call again when others have returned. An enclave has as many threads as its signed file says.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof sgxHostErrors, true> {}
}
