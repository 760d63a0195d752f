import { declareErrors } from '@enclos/errors';

/** The errors of the attestation service. */
export const attestationServiceErrors = declareErrors({
  ATTESTATION_CONFIGURATION_INVALID: [
    'usage',
    'The configuration of the attestation service has mistakes.',
    'Correct what details.problems lists, each with its place in the file.',
  ],
  ATTESTATION_ENDORSEMENTS_ABSENT: [
    'transient',
    'No source has endorsements for the platform of this service, so the evidence of its replicas cannot be appraised.',
    'Look at --collateral, and whether the host reaches its sources.',
  ],
  ATTESTATION_SERVING: [
    'usage',
    'The enclave does not serve yet, or serves already: it accepts one configuration in its life.',
    'Call serve first, and once; load another enclave for another configuration.',
  ],
  ATTESTATION_EVIDENCE_REFUSED: [
    'evidence',
    'The attestation service does not accept the evidence of the request.',
    'Read the message, or let the tenant explain refusals: the details then name the rule.',
  ],
  ATTESTATION_ENDORSEMENTS_UNAVAILABLE: [
    'transient',
    'The attestation service cannot get endorsements for the evidence of the request.',
    'Try again. If it stays so, look at --collateral, and whether the host reaches its sources.',
  ],
  ATTESTATION_POLICY_INVALID: [
    'usage',
    'A policy of an attestation or of a key release has a mistake.',
    'Correct the policy at the place that the message names.',
  ],
  ATTESTATION_POLICY_REFUSED: [
    'policy',
    'The policy does not permit the evidence, or could not be evaluated.',
    'Compare the policy with what the evidence says; a tenant that explains refusals names the rule.',
  ],
  ATTESTATION_API_VERSION_ABSENT: ['usage', 'The request names no API version.', 'Add api-version to the query.'],
  ATTESTATION_API_VERSION_UNKNOWN: [
    'usage',
    'The request names an API version that the service does not have.',
    'Use one of the versions that the message lists.',
  ],
  ATTESTATION_USAGE: ['usage', 'The arguments of the attestation service cannot be used.', 'Look at --help.'],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof attestationServiceErrors, true> {}
}
