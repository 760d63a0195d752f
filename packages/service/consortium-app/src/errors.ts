import { declareErrors } from '@enclos/errors';

export const consortiumAppErrors = declareErrors({
  APP_INVALID: [
    'usage',
    'An application bundle is not valid: its app.json, or a module that it names.',
    'Correct what the message names. The form is that of CCF: app.json beside src/.',
  ],
  TOKEN_ISSUER_INVALID: [
    'usage',
    'The definition of an issuer of tokens is not valid: its name, or a key of it.',
    'Give the arguments of set_jwt_issuer of CCF: an object with "issuer", and "jwks" with the keys, each with its "kid".',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof consortiumAppErrors, true> {}
}
