import { declareErrors } from '@enclos/errors';

export const cliErrors = declareErrors({
  CLI_EDL_UNFORMATTED: [
    'usage',
    'An EDL file can be read, but its form is not the one that `enclos edl format` gives it.',
    'Run `enclos edl format FILE --write`.',
  ],
  CLI_EDL_OUTDATED: [
    'usage',
    'A file that was made from an interface is missing, or is not what the command would write now.',
    'Run the command again without --check.',
  ],
  CLI_FOLDER_NOT_EMPTY: [
    'usage',
    'The folder is not empty, and a new project never overwrites files.',
    'Choose another name, or empty the folder.',
  ],
  CLI_PACKAGES_UNUSABLE: [
    'usage',
    'The folder that --from names does not hold the packages that the project needs.',
    'Run `npm run packages` in the repository of Enclos, and name the folder that it prints.',
  ],
  CLI_NOT_BUILT: [
    'usage',
    'The enclave has no image yet.',
    'Run `enclos build` first or, for a program of EGo, `enclos ego sign`.',
  ],
  CLI_NOT_SIGNED: [
    'usage',
    'The image has no signature yet.',
    'Run `enclos sign` first, or name the signature with --signature.',
  ],
  CLI_SIGNATURE_MISMATCH: [
    'evidence',
    'A signature does not belong to the file beside it.',
    'Remove it and the files that were made with it, and sign the present file again.',
  ],
  CLI_GRAMINE_MISSING: [
    'usage',
    'A file of Gramine was not found where it was expected.',
    'Install Gramine 1.9, or name the folder of its libsysdb.so with --gramine.',
  ],
  CLI_LIBRARY_MISSING: [
    'usage',
    'A library that the interpreter needs was not found.',
    'Install it (Debian: libstdc++6, libgcc-s1), or name its folder with --libraries.',
  ],
  CLI_HOST_MISSING: [
    'usage',
    'The project has no host program.',
    'Write src/host.ts, or name another file with --host.',
  ],
  CLI_TESTS_MISSING: [
    'usage',
    'The project has no tests where the command looks for them.',
    'Write test/NAME.test.ts, or name the files: `enclos test FILE`.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof cliErrors, true> {}
}
