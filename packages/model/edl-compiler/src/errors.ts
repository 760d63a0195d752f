import { declareErrors } from '@enclos/errors';

export const edlCompilerErrors = declareErrors({
  EDL_FILE_REFUSED: [
    'usage',
    'An EDL file, or one that it imports, breaks a rule of the language.',
    'Correct the places that the diagnostics point at; `enclos edl check` shows them.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof edlCompilerErrors, true> {}
}
