import { EnclosError, isEnclosError } from '@enclos/errors';

/** Which rule a message or a key breaks; `details.rule` of each error of this package. */
export type CoseRule =
  /** The tag, the four parts, their CBOR. */
  | 'form'
  /** The length of a message. */
  | 'size'
  | 'algorithm'
  /** A label that stands in a header twice, or in both headers. */
  | 'duplicate-label'
  /** `crit`, with what the caller does not know, or that is malformed. */
  | 'critical-header'
  | 'content-type'
  | 'kid'
  /** The payload is not inside, or is inside and beside. */
  | 'payload'
  /** A signature of a length that the algorithm does not give. */
  | 'signature'
  | 'kty'
  | 'crv'
  | 'members';

/** @throws CODEC_INVALID always. */
export function refuse(rule: CoseRule, message: string): never {
  throw new EnclosError('CODEC_INVALID', message, { details: { rule } });
}

/** Runs a parser; what the codec refuses is refused by `rule`, with its code. */
export function reading<T>(rule: CoseRule, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_') || 'rule' in error.details) throw error;
    throw new EnclosError(error.code, `${what}: ${error.message}`, { details: { rule }, cause: error });
  }
}
