import { declareErrors } from '@enclos/errors';

export const consortiumAppErrors = declareErrors({
  APP_INVALID: [
    'usage',
    'An application bundle is not valid: its app.json, or a module that it names.',
    'Correct what the message names. The form is that of CCF: app.json beside src/.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof consortiumAppErrors, true> {}
}
