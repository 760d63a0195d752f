import { fromBase64url, utf8 } from '@enclos/codec';
import { isJsonObject, parseJsonBytes, type JsonObject } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';
import { isSignatureAlgorithm, type JwsAlgorithm } from './algorithms.ts';
import { reading, refuse, type JoseRule } from './refusal.ts';

/** A JWS in compact form (RFC 7515 section 7.1) that was read and not verified. */
export interface CompactJws {
  readonly header: JsonObject;
  readonly algorithm: JwsAlgorithm | 'none';
  readonly payload: Uint8Array;
  /** What the signature is over: header and payload as they stand, in ASCII. */
  readonly signingInput: Uint8Array;
  /** Empty if the algorithm is `none`, and only then. */
  readonly signature: Uint8Array;
}

export interface JwsBounds {
  /** Characters of the whole text. */
  readonly maxLength: number;
  /** The algorithms that the caller takes. Default: RS, PS and ES with 256, 384 and 512, and `none`, which proves nothing. */
  readonly algorithms?: readonly JwsAlgorithm[];
}

/** Parameters that bring a key, or change what is signed (RFC 7515 section 4.1, RFC 7516 section 4.1.3, RFC 7797). */
const forbidden: readonly (readonly [parameter: string, rule: JoseRule])[] = [
  ['crit', 'critical-header'],
  ['b64', 'critical-header'],
  ['zip', 'critical-header'],
  ['jwk', 'key-location'],
  ['x5u', 'key-location'],
];
const maximumHeaderBytes = 32_768;
/** A chain of certificates is the longest list in a header. */
const maximumHeaderValues = 64;
/** RSA of 8,192 bits. */
const maximumSignatureBytes = 1024;

/**
 * Reads a compact JWS strictly, and verifies nothing: canonical base64url without padding; a header that is a JSON
 * object without duplicate names, within bounds that are checked before any value is made; an algorithm that is known,
 * or `none`; a signature exactly where the algorithm wants one; and none of the parameters that bring a key or change
 * what is signed (`jwk`, `x5u`, `crit`, `b64`, `zip`). The caller judges `kid`, `jku`, `x5c` and `typ`: this package
 * fetches nothing.
 *
 * @example
 * const jws = readCompactJws(text, { maxLength: 16_384 });
 *
 * @throws CODEC_INVALID, CODEC_TRAILING or CODEC_OUT_OF_RANGE with the rule `form`, `size`, `algorithm`,
 * `critical-header`, `key-location` or `signature`.
 */
export function readCompactJws(text: string, { maxLength, algorithms }: JwsBounds): CompactJws {
  if (text.length > maxLength) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `The JWS has more than ${maxLength} characters.`, {
      details: { rule: 'size' },
    });
  }
  const [headerPart, payloadPart, signaturePart, ...more] = text.split('.', 4);
  if (headerPart === undefined || payloadPart === undefined || signaturePart === undefined || more.length > 0) {
    return refuse('form', 'The JWS is not three parts of base64url.');
  }
  const header = readHeader(headerPart);
  const payload = reading('form', 'The payload of the JWS', () => fromBase64url(payloadPart));
  const signature = reading('form', 'The signature of the JWS', () =>
    fromBase64url(signaturePart, { maxBytes: maximumSignatureBytes }),
  );
  const algorithm = algorithmOf(header, signature, algorithms);
  return Object.freeze({ header, algorithm, payload, signingInput: utf8(`${headerPart}.${payloadPart}`), signature });
}

function readHeader(part: string): JsonObject {
  const header = reading('form', 'The header of the JWS', () =>
    parseJsonBytes(fromBase64url(part, { maxBytes: maximumHeaderBytes }), maximumHeaderBytes, {
      maxValues: maximumHeaderValues,
    }),
  );
  if (!isJsonObject(header)) return refuse('form', 'The header of the JWS is not a JSON object.');
  for (const [parameter, rule] of forbidden) {
    if (Object.hasOwn(header, parameter)) refuse(rule, `The JWS has the header parameter ${parameter}.`);
  }
  return header;
}

function algorithmOf(
  { alg }: JsonObject,
  signature: Uint8Array,
  algorithms: readonly JwsAlgorithm[] | undefined,
): JwsAlgorithm | 'none' {
  if (algorithms !== undefined) {
    const allowed = algorithms.find((name) => name === alg);
    if (allowed === undefined) return refuse('algorithm', 'The JWS names no algorithm, or one that is not allowed.');
    return signature.length > 0 ? allowed : refuse('signature', 'The JWS has no signature.');
  }
  if (alg !== 'none' && !isSignatureAlgorithm(alg)) {
    return refuse('algorithm', 'The JWS names no algorithm, or one that is not known here.');
  }
  if (alg === 'none' && signature.length > 0) return refuse('algorithm', 'The JWS has a signature and names none.');
  if (alg !== 'none' && signature.length === 0) return refuse('signature', 'The JWS has no signature.');
  return alg;
}
