import { declareErrors } from '@enclos/errors';

export const testingErrors = declareErrors({
  TESTING_NO_PLATFORM: [
    'usage',
    'A test asked for its enclave, and no platform was started for it.',
    'Run the tests with `enclos test`.',
  ],
  TESTING_NO_ENCLAVE: [
    'usage',
    'A hostile host was asked to flood its enclave before an enclave was loaded.',
    'Give the host to `startEnclave`, or load the enclave with `host.through(launcher)`, and flood it then.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof testingErrors, true> {}
}
