import { declareErrors } from '@enclos/errors';

export const attestationServiceErrors = declareErrors({
  ATTESTATION_CONFIGURATION_INVALID: [
    'usage',
    'The configuration of the attestation service has mistakes.',
    'Correct what details.problems lists, each with its place in the file.',
  ],
  ATTESTATION_ISSUER_UNREACHABLE: [
    'transient',
    'The keys of the issuer of management tokens are not known, and it does not answer.',
    'Try again. If it stays so, look whether the host reaches the issuer, or put its keys into the configuration.',
  ],
  ATTESTATION_IDENTITY_PROVIDER: [
    'transient',
    'The identity provider does not give its keys as OpenID Connect Discovery has it.',
    'Look at what the message names: the address in --identity-provider, the roots in certificateAuthorities, or the document of the issuer.',
  ],
  ATTESTATION_ENDORSEMENTS_ABSENT: [
    'transient',
    'No source has endorsements for the platform of this service, so the evidence of its replicas cannot be appraised.',
    'Look at --collateral, and whether the host reaches its sources.',
  ],
  ATTESTATION_SERVING: [
    'usage',
    'The enclave serves nothing yet, or serves already: it takes one configuration in its life.',
    'Call serve first, and once; load another enclave for another configuration.',
  ],
  ATTESTATION_USAGE: ['usage', 'The arguments of the attestation service cannot be used.', 'Look at --help.'],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof attestationServiceErrors, true> {}
}
