import { declareErrors } from '@enclos/errors';

export const cliErrors = declareErrors({
  CLI_USAGE: [
    'usage',
    'The command line is not valid for this command.',
    'Run `enclos help` for the commands, or `enclos help COMMAND` for one of them.',
  ],
  CLI_FILE_UNREADABLE: [
    'usage',
    'A file that the command needs could not be read.',
    'Check the path, and that this user may read it.',
  ],
  CLI_FILE_INVALID: [
    'usage',
    'The content of the file is not what the option expects.',
    'Run `enclos help COMMAND` to see what the file must hold.',
  ],
  CLI_POLICY_INVALID: [
    'usage',
    'The policy is not valid: a rule is missing, unknown or malformed.',
    'Correct what is marked; `enclos policy check FILE` marks everything at once. The policy was not used.',
  ],
  CLI_POLICY_UNEXPECTED: [
    'policy',
    'The policy decides differently from what `--expect` says.',
    'Read with --trace which rules fired; then correct the policy, the claims or what is expected.',
  ],
  CLI_POLICY_UNFORMATTED: [
    'usage',
    'The policy is valid, but its form is not the one that `enclos policy format` gives it.',
    'Run `enclos policy format FILE --write`.',
  ],
  CLI_EDL_UNFORMATTED: [
    'usage',
    'An EDL file can be read, but its form is not the one that `enclos edl format` gives it.',
    'Run `enclos edl format FILE --write`.',
  ],
  CLI_EDL_OUTDATED: [
    'usage',
    'A file that was made from an EDL file is missing, or is not what the command would write now.',
    'Run the command again without --check.',
  ],
  CLI_ROOT_UNKNOWN: [
    'usage',
    'A root was named by a fingerprint, and no certificate at hand has it.',
    'Give the certificate of the root with --root FILE, or correct the fingerprint.',
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
  CLI_NOT_BUILT: ['usage', 'The project has no image yet.', 'Run `enclos build` first.'],
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
  CLI_ADDRESS_IN_USE: [
    'usage',
    'Another process listens at the address or socket already.',
    'End that process, or choose another --socket or --listen.',
  ],
  CLI_SERVER_UNREACHABLE: [
    'transient',
    'The server whose evidence was asked for could not be reached over TLS.',
    'Check the address and the network, and try again. Nothing is known about the server.',
  ],
  CLI_SYSTEM_REFUSED: [
    'refused',
    'The operating system refused an operation.',
    'Read the reason: a path, an address, a permission or the space on the disk.',
  ],
  CLI_UNEXPECTED: [
    'refused',
    'The command failed in an unexpected way.',
    'Run it again with ENCLOS_STACK=1 to see where, and report it.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof cliErrors, true> {}
}
