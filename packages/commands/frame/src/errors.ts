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
  CLI_ADDRESS_IN_USE: [
    'usage',
    'Another process listens at the address or socket already.',
    'End that process, or choose another --socket or --listen.',
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
