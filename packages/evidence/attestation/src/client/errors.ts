import { declareErrors, EnclosError, isEnclosError } from '@enclos/errors';

export const attestationClientErrors = declareErrors({
  TOKEN_REFUSED: [
    'evidence',
    'The attestation token does not prove what it claims.',
    'Do not trust what it says. details.rule names the check that failed.',
  ],
  TOKEN_NOT_ACCEPTED: [
    'policy',
    'The attestation token is genuine, but not what was expected.',
    'Compare the claims that details.rule is about with what the call expects.',
  ],
  ATTESTATION_SERVICE_UNREACHABLE: [
    'transient',
    'The attestation service cannot be reached, or did not answer in time.',
    'Check the endpoint and its TLS certificate, and try again.',
  ],
  ATTESTATION_SERVICE_FAILED: [
    'transient',
    'The attestation service could not serve the call.',
    'Try again later; details.status is the HTTP status that it gave.',
  ],
  ATTESTATION_SERVICE_REFUSED: [
    'refused',
    'The attestation service refused the call.',
    'Read details.status and details.reason: evidence, policy or the credential is not what the service accepts.',
  ],
  ATTESTATION_ANSWER_INVALID: [
    'evidence',
    'The answer does not have the form that an attestation service gives.',
    'Check the endpoint: another service may answer there. details.rule names what is wrong.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof attestationClientErrors, true> {}
}

/** Why a token is refused whatever the caller wants. */
export type TokenRule =
  | 'form'
  | 'size'
  | 'algorithm'
  | 'critical-header'
  | 'type-header'
  | 'key-location'
  | 'key-id'
  | 'unknown-key'
  | 'unusable-key'
  | 'signing-evidence'
  | 'signature'
  | 'issuer'
  | 'expired'
  | 'not-yet-valid'
  | 'issued-in-future'
  | 'claims'
  | 'result';

/** What a genuine token says otherwise than the caller expects. */
export type ExpectationRule =
  | 'age'
  | 'nonce'
  | 'audience'
  | 'attestation-type'
  | 'debuggable'
  | 'platform'
  | 'test-settings'
  | 'configuration'
  | 'policy-hash'
  | 'policy-signer'
  | 'runtime-data'
  | 'init-time-data'
  | 'state-epoch'
  | 'state-digest';

/** @throws TOKEN_REFUSED always. */
export function refuseToken(rule: TokenRule, message: string, cause?: unknown): never {
  throw new EnclosError('TOKEN_REFUSED', message, { details: { rule }, cause });
}

/** @throws TOKEN_NOT_ACCEPTED always. */
export function notAccepted(rule: ExpectationRule, message: string): never {
  throw new EnclosError('TOKEN_NOT_ACCEPTED', message, { details: { rule } });
}

/** @throws ATTESTATION_ANSWER_INVALID always. */
export function refuseAnswer(rule: string, message: string, cause?: unknown): never {
  throw new EnclosError('ATTESTATION_ANSWER_INVALID', message, { details: { rule }, cause });
}

/** Runs a parser; what the codecs refuse becomes what `refusal` throws. Their errors never quote what they read. */
export function orElse<T>(parse: () => T, refusal: (cause: EnclosError) => never): T {
  try {
    return parse();
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    return refusal(error);
  }
}
