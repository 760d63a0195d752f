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
  ATTESTATION_IDENTITY_PROVIDER: {
    kind: 'transient',
    summary: 'The identity provider does not give its keys as OpenID Connect Discovery has it.',
    next: 'Look at what the message names: the address in --identity-provider, the roots in certificateAuthorities, or the document of the issuer.',
  },
  ATTESTATION_ENDORSEMENTS_ABSENT: {
    kind: 'transient',
    summary:
      'No source has endorsements for the platform of this service, so the evidence of its replicas cannot be appraised.',
    next: 'Look at --collateral, and whether the host reaches its sources.',
  },
  ATTESTATION_SERVING: {
    kind: 'usage',
    summary: 'The enclave serves nothing yet, or serves already: it takes one configuration in its life.',
    next: 'Call serve first, and once; load another enclave for another configuration.',
  },
  ATTESTATION_EVIDENCE_REFUSED: {
    kind: 'evidence',
    summary: 'The attestation service does not accept the evidence of the request.',
    next: 'Read the message, or let the tenant explain refusals: the details then name the rule.',
  },
  ATTESTATION_ENDORSEMENTS_UNAVAILABLE: {
    kind: 'transient',
    summary: 'The attestation service cannot get endorsements for the evidence of the request.',
    next: 'Try again. If it stays so, look at --collateral, and whether the host reaches its sources.',
  },
  ATTESTATION_POLICY_INVALID: {
    kind: 'usage',
    summary: 'A policy of an attestation or of a key release has a mistake.',
    next: 'Correct the policy at the place that the message names.',
  },
  ATTESTATION_POLICY_REFUSED: {
    kind: 'policy',
    summary: 'The policy does not permit the evidence, or could not be evaluated.',
    next: 'Compare the policy with what the evidence says; a tenant that explains refusals names the rule.',
  },
  ATTESTATION_API_VERSION_ABSENT: {
    kind: 'usage',
    summary: 'The request names no API version.',
    next: 'Add api-version to the query.',
  },
  ATTESTATION_API_VERSION_UNKNOWN: {
    kind: 'usage',
    summary: 'The request names an API version that the service does not have.',
    next: 'Use one of the versions that the message lists.',
  },
  ATTESTATION_USAGE: {
    kind: 'usage',
    summary: 'The arguments of the attestation service cannot be used.',
    next: 'Look at --help.',
  },
} as const satisfies ErrorArea;
