import { declareErrors } from '@enclos/errors';

export const egoErrors = declareErrors({
  EGO_CONFIG_INVALID: [
    'usage',
    'The configuration is not a valid enclave.json of EGo.',
    'Correct the places that the diagnostics point at; docs/how-to/from-ego.md lists the keys.',
  ],
  EGO_PROGRAM_REFUSED: [
    'usage',
    'The executable is not a Go program that `enclos go build` built.',
    'Build it again with `enclos go build`, which takes the place of `ego-go build`, and sign it again.',
  ],
  EGO_NOT_SIGNED: ['usage', 'The executable has not been signed.', 'Sign it with `enclos ego sign`.'],
  EGO_SIGNED_INVALID: [
    'evidence',
    'What `enclos ego sign` wrote into the executable cannot be read.',
    'The file was cut or changed: build it again, and sign it again with `enclos ego sign`.',
  ],
  EGO_UNSUPPORTED: [
    'usage',
    'A part of EGo has no equal here.',
    'Read docs/how-to/from-ego.md, which says what takes its place.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof egoErrors, true> {}
}
