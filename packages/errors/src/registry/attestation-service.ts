import type { ErrorArea } from './kinds.ts';

export const attestationServiceErrors = {
  ATTESTATION_CONFIGURATION_INVALID: {
    kind: 'usage',
    summary: 'The configuration of the attestation service has mistakes.',
    next: 'Correct what details.problems lists, each with its place in the file.',
  },
  ATTESTATION_ISSUER_UNREACHABLE: {
    kind: 'transient',
    summary: 'The keys of the issuer of management tokens are not known, and it does not answer.',
    next: 'Try again. If it stays so, look whether the host reaches the issuer, or put its keys into the configuration.',
  },
} as const satisfies ErrorArea;
