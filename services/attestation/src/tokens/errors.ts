import { declareErrors } from '@enclos/errors';

export const attestationTokenErrors = declareErrors({
  ATTESTATION_TENANT_UNUSABLE: [
    'usage',
    'A tenant of the attestation service cannot be served as it is configured.',
    'Correct the configuration of the tenant; the message says what is wrong.',
  ],
  ATTESTATION_TOKEN_TOO_LARGE: [
    'usage',
    'The claims of a token are larger than a token may be.',
    'Issue less in the policy, or attest with less runtime data.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof attestationTokenErrors, true> {}
}
