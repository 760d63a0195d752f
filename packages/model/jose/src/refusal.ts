import { EnclosError, isEnclosError } from '@enclos/errors';

/** Which rule a text or a key breaks; `details.rule` of each error of this package. */
export type JoseRule =
  /** The parts of a JWS, their base64url, UTF-8 and JSON. */
  | 'form'
  /** The length of a JWS, or the bits of an RSA key. */
  | 'size'
  | 'algorithm'
  /** `crit`, `b64` and `zip`: parameters that change what is signed. */
  | 'critical-header'
  /** `jwk` and `x5u`: parameters that bring a key. */
  | 'key-location'
  /** A signature that is missing. */
  | 'signature'
  | 'keys'
  | 'kty'
  | 'crv'
  | 'members'
  | 'exponent'
  | 'use'
  | 'alg'
  | 'x5c'
  /** A JWE that the key does not open. */
  | 'decryption';

/** @throws CODEC_INVALID always. */
export function refuse(rule: JoseRule, message: string): never {
  throw new EnclosError('CODEC_INVALID', message, { details: { rule } });
}

/** Runs a parser; what the codecs refuse is refused by `rule`, with their code. Their errors never quote what they read. */
export function reading<T>(rule: JoseRule, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    throw new EnclosError(error.code, `${what}: ${error.message}`, { details: { rule }, cause: error });
  }
}
