import type { ErrorArea } from './kinds.ts';

export const cliErrors = {
  CLI_USAGE: {
    kind: 'usage',
    summary: 'The command line is not one that the command understands.',
    next: 'Run `enclos help` for the commands, or `enclos help COMMAND` for one of them.',
  },
  CLI_FILE_UNREADABLE: {
    kind: 'usage',
    summary: 'A file that the command needs could not be read.',
    next: 'Check the path, and that this user may read it.',
  },
  CLI_FILE_INVALID: {
    kind: 'usage',
    summary: 'The content of the file is not what the option takes.',
    next: 'Run `enclos help COMMAND` to see what the file must hold.',
  },
  CLI_POLICY_INVALID: {
    kind: 'usage',
    summary: 'The policy is not one: a rule is missing, unknown or malformed.',
    next: 'Correct what is marked; `enclos policy check FILE` marks everything at once. Nothing was appraised by it.',
  },
  CLI_POLICY_UNEXPECTED: {
    kind: 'policy',
    summary: 'The policy decides otherwise than `--expect` says.',
    next: 'Read with --trace which rules fired; then correct the policy, the claims or what is expected.',
  },
  CLI_POLICY_UNFORMATTED: {
    kind: 'usage',
    summary: 'The policy is right, and has another form than `enclos policy format` gives it.',
    next: 'Run `enclos policy format FILE --write`.',
  },
  CLI_ROOT_UNKNOWN: {
    kind: 'usage',
    summary: 'A root was named by a fingerprint, and no certificate at hand has it.',
    next: 'Give the certificate of the root with --root FILE, or correct the fingerprint.',
  },
  CLI_FOLDER_NOT_EMPTY: {
    kind: 'usage',
    summary: 'The folder has content, and a new project never writes over anything.',
    next: 'Choose another name, or empty the folder.',
  },
  CLI_NOT_BUILT: {
    kind: 'usage',
    summary: 'The project has no image yet.',
    next: 'Run `enclos build` first.',
  },
  CLI_NOT_SIGNED: {
    kind: 'usage',
    summary: 'The image has no signature yet.',
    next: 'Run `enclos sign` first, or name the signature with --signature.',
  },
  CLI_SIGNATURE_MISMATCH: {
    kind: 'evidence',
    summary: 'A signature is not one of what it was found beside.',
    next: 'Remove it, and what was made together with it, and sign again what is there now.',
  },
  CLI_GRAMINE_MISSING: {
    kind: 'usage',
    summary: 'A file of Gramine is not where it was looked for.',
    next: 'Install Gramine 1.9, or name the folder of its libsysdb.so with --gramine.',
  },
  CLI_LIBRARY_MISSING: {
    kind: 'usage',
    summary: 'A library that the interpreter needs was not found.',
    next: 'Install it (Debian: libstdc++6, libgcc-s1), or name its folder with --libraries.',
  },
  CLI_HOST_MISSING: {
    kind: 'usage',
    summary: 'The project has no host program.',
    next: 'Write src/host.ts, or name another file with --host.',
  },
  CLI_ADDRESS_IN_USE: {
    kind: 'usage',
    summary: 'Another process listens at the address or socket already.',
    next: 'End that process, or choose another --socket or --listen.',
  },
  CLI_SERVER_UNREACHABLE: {
    kind: 'transient',
    summary: 'The server whose evidence was asked for could not be reached over TLS.',
    next: 'Check the address and the network, and try again. Nothing is known about the server.',
  },
  CLI_SYSTEM_REFUSED: {
    kind: 'refused',
    summary: 'The operating system refused an operation.',
    next: 'Read the reason: a path, a permission or the space on the disk.',
  },
  CLI_UNEXPECTED: {
    kind: 'refused',
    summary: 'The command failed in a way that it did not foresee.',
    next: 'Run it again with ENCLOS_STACK=1 to see where, and report it.',
  },
} as const satisfies ErrorArea;
