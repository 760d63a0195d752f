import type { ErrorArea } from './kinds.ts';

/** By itself, since few enclaves and no browser bundle hold the client. Its errors bring their entry along. */
export const attestationClientErrors = {
  TOKEN_REFUSED: {
    kind: 'evidence',
    summary: 'The attestation token does not prove what it claims.',
    next: 'Do not trust what it says. details.rule names the check that failed.',
  },
  TOKEN_NOT_ACCEPTED: {
    kind: 'policy',
    summary: 'The attestation token is genuine, but not what was expected.',
    next: 'Compare the claims that details.rule is about with what the call expects.',
  },
  ATTESTATION_SERVICE_UNREACHABLE: {
    kind: 'transient',
    summary: 'The attestation service cannot be reached, or did not answer in time.',
    next: 'Check the endpoint and its TLS certificate, and try again.',
  },
  ATTESTATION_SERVICE_FAILED: {
    kind: 'transient',
    summary: 'The attestation service could not serve the call.',
    next: 'Try again later; details.status is the HTTP status that it gave.',
  },
  ATTESTATION_SERVICE_REFUSED: {
    kind: 'refused',
    summary: 'The attestation service refused the call.',
    next: 'Read details.status and details.reason: evidence, policy or the credential is not what the service accepts.',
  },
  ATTESTATION_ANSWER_INVALID: {
    kind: 'evidence',
    summary: 'The attestation service answered something that no such service answers.',
    next: 'Check the endpoint: something else may answer there. details.rule names what is wrong.',
  },
} as const satisfies ErrorArea;
