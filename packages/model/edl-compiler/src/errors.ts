import { declareErrors } from '@enclos/errors';

export const edlCompilerErrors = declareErrors({
  EDL_FILE_REFUSED: [
    'usage',
    'An EDL file, or one that it imports, breaks a rule of the language.',
    'Correct the places that the diagnostics point at; `enclos edl check` shows them.',
  ],
  EDL_LAYOUT_UNKNOWN: [
    'usage',
    'The size of a type that a C header defines is not known.',
    'Name the type with its size and alignment, or with the type of C that it stands for, in the file of foreign types.',
  ],
  EDL_LAYOUT_TOO_LARGE: ['usage', 'A type of an interface is larger than 2 GiB.', 'Make its arrays smaller.'],
  EDL_CALL_FAILED: [
    'refused',
    'The code that Open Enclave generated for the enclave refused a call.',
    'Look up `status` of the details, an `oe_result_t`, in openenclave/bits/result.h.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof edlCompilerErrors, true> {}
}
