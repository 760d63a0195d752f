import type { EnclosError } from '@enclos/errors';

/** The exit codes of every command. */
export const exitCodes = Object.freeze({
  0: 'It worked.',
  1: 'It failed: an enclave, a platform or the system refused or was lost.',
  2: 'The command line, a configuration or a source file is wrong.',
  3: 'Evidence was refused: a quote, a signature, an image or an interpreter is not what it claims to be.',
  4: 'The evidence is genuine, but the policy does not accept it.',
  5: 'Collateral was not in force at the time in question: it had expired or was not yet valid, and no policy allows that.',
});

export type ExitCode = keyof typeof exitCodes;

export function exitCodeOf(error: EnclosError): ExitCode {
  switch (error.kind) {
    case 'usage':
      return 2;
    case 'evidence':
      return 3;
    case 'policy':
      return 4;
    default:
      return 1;
  }
}
