import { declareErrors } from '@enclos/errors';

export const testingErrors = declareErrors({
  TESTING_NO_PLATFORM: [
    'usage',
    'A test asked for its enclave, and no platform was started for it.',
    'Run the tests with `enclos test`.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof testingErrors, true> {}
}
