import type { ErrorArea } from './kinds.ts';

/** Of the attestation service: what its evidence, policies and tokens need. */
export const attestationTokenErrors = {
  ATTESTATION_TENANT_UNUSABLE: {
    kind: 'usage',
    summary: 'A tenant of the attestation service cannot be served as it is configured.',
    next: 'Correct the configuration of the tenant; the message says what is wrong.',
  },
  ATTESTATION_TOKEN_TOO_LARGE: {
    kind: 'usage',
    summary: 'The claims of a token are larger than a token may be.',
    next: 'Issue less in the policy, or attest with less runtime data.',
  },
} as const satisfies ErrorArea;
