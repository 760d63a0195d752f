import { EnclosError, isEnclosError, type ErrorDetails } from '@enclos/errors';
import { attestationClientErrors } from '@enclos/errors/attestation-client';

type ClientErrorCode = keyof typeof attestationClientErrors;

interface Facts {
  readonly message: string;
  readonly details: ErrorDetails;
  readonly cause?: unknown;
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

export function clientError(code: ClientErrorCode, facts: Facts): EnclosError {
  const { message, ...rest } = facts;
  return new EnclosError(code, message, { ...rest, entry: attestationClientErrors[code] });
}

/** @throws TOKEN_REFUSED always. */
export function refuseToken(rule: TokenRule, message: string, cause?: unknown): never {
  throw clientError('TOKEN_REFUSED', { message, details: { rule }, cause });
}

/** @throws TOKEN_NOT_ACCEPTED always. */
export function notAccepted(rule: ExpectationRule, message: string): never {
  throw clientError('TOKEN_NOT_ACCEPTED', { message, details: { rule } });
}

/** @throws ATTESTATION_ANSWER_INVALID always. */
export function refuseAnswer(rule: string, message: string, cause?: unknown): never {
  throw clientError('ATTESTATION_ANSWER_INVALID', { message, details: { rule }, cause });
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
