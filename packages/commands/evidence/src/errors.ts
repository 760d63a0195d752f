import { declareErrors } from '@enclos/errors';

export const cliErrors = declareErrors({
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
  CLI_ROOT_UNKNOWN: [
    'usage',
    'A root was named by a fingerprint, and no certificate at hand has it.',
    'Give the certificate of the root with --root FILE, or correct the fingerprint.',
  ],
  CLI_SERVER_UNREACHABLE: [
    'transient',
    'The server whose evidence was asked for could not be reached over TLS.',
    'Check the address and the network, and try again. Nothing is known about the server.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof cliErrors, true> {}
}
