import { EnclosError } from '@enclos/errors';
import { integer, type JsonObject, JsonRecord } from '@enclos/codec/json';
import { notAccepted, orElse, refuseToken } from '../errors.ts';
import type { Jwt } from '@enclos/jose';
import { canonicalBase, type Settings } from '../options.ts';

/** Year 2242. */
const latestSeconds = 2 ** 33;

export interface TokenHead {
  readonly algorithm: string;
  readonly kid: string;
}

/** The times of a token, in milliseconds since 1970. */
export interface TokenTimes {
  readonly issuedAtMs: number;
  readonly notBeforeMs: number;
  readonly expiresAtMs: number;
}

/**
 * The rules for the header. It chooses among the keys that the service lists, and
 * nothing else: an x5c in a token brings the key of the token's author.
 *
 * @throws TOKEN_REFUSED
 */
export function checkHeader({ header, algorithm }: Pick<Jwt, 'header' | 'algorithm'>, settings: Settings): TokenHead {
  const { kid, typ, jku } = header;
  if (!settings.algorithms.has(algorithm)) {
    return refuseToken('algorithm', 'The token is not signed with an algorithm that the caller allows.');
  }
  if (typ !== undefined && (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT')) {
    refuseToken('type-header', 'The header of the token says that it is not a JWT.');
  }
  const isListed =
    typeof jku === 'string' &&
    [settings.endpoint, settings.issuer].some((base) => canonicalBase(jku) === `${base}/certs`);
  if (jku !== undefined && !isListed) {
    refuseToken('key-location', 'The token says that its keys are in another place than those of the service.');
  }
  if (typeof kid !== 'string' || kid === '') {
    return refuseToken('key-id', 'The token does not say which key of the service signed it.');
  }
  return { algorithm, kid };
}

/** @throws TOKEN_REFUSED */
export function checkIssuer(claims: JsonObject, { issuer }: Pick<Settings, 'issuer'>): void {
  const { iss } = claims;
  if (typeof iss !== 'string' || canonicalBase(iss) !== issuer) {
    refuseToken('issuer', 'The token is of another issuer than the one that was configured.');
  }
}

/** @throws TOKEN_REFUSED; TOKEN_NOT_ACCEPTED for the age. */
export function checkTimes(
  claims: JsonObject,
  { nowMs, skewMs, maximumAgeMs }: { readonly nowMs: number; readonly skewMs: number; readonly maximumAgeMs: number },
): TokenTimes {
  const times = orElse(
    () => readTimes(claims),
    (cause) => refuseToken('claims', 'A time of the token is missing, or is not a whole number of seconds.', cause),
  );
  if (nowMs >= times.expiresAtMs + skewMs) refuseToken('expired', 'The token has expired: attest again.');
  if (nowMs < times.notBeforeMs - skewMs) {
    refuseToken('not-yet-valid', 'The token is not valid yet: compare the clocks.');
  }
  if (nowMs < times.issuedAtMs - skewMs) {
    refuseToken('issued-in-future', 'The token was issued in the future: compare the clocks.');
  }
  if (nowMs - times.issuedAtMs > maximumAgeMs + skewMs) {
    notAccepted('age', 'The token is older than the caller accepts: attest again.');
  }
  return times;
}

function readTimes(claims: JsonObject): TokenTimes {
  const fields = new JsonRecord(claims, 'claims');
  const issuedAtMs = 1000 * fields.required('iat', integer(0, latestSeconds));
  const expiresAtMs = 1000 * fields.required('exp', integer(0, latestSeconds));
  const notBeforeMs = fields.has('nbf') ? 1000 * fields.required('nbf', integer(0, latestSeconds)) : issuedAtMs;
  if (expiresAtMs <= notBeforeMs || expiresAtMs <= issuedAtMs) {
    throw new EnclosError('CODEC_INVALID', 'claims.exp is not after claims.nbf and claims.iat.');
  }
  return { issuedAtMs, notBeforeMs, expiresAtMs };
}
