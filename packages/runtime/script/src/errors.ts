import { declareErrors } from '@enclos/errors';

export const scriptErrors = declareErrors({
  SCRIPT_INVALID: [
    'usage',
    'A script or a module of it could not be loaded: a syntax error, a missing module or an export that is not there.',
    'Read the message for the file and the line, and correct the script.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof scriptErrors, true> {}
}
