import { declareErrors } from '@enclos/errors';

export const teeErrors = declareErrors({
  TEE_MANIFEST_INVALID: [
    'usage',
    'The settings do not make a Gramine manifest.',
    'Correct the setting that the message names.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof teeErrors, true> {}
}
