import { isJsonObject, parseJson, type JsonObject } from '@enclos/codec/json';
import { fromBase64url, utf8 } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { EnclosError } from '@enclos/errors';

/** A JWS in compact form (RFC 7515 section 7.1) that was read and not verified. */
export interface CompactJws {
  readonly header: JsonObject;
  readonly algorithm: string;
  readonly payload: Uint8Array;
  /** What the signature is over. */
  readonly signingInput: Uint8Array;
  /** Empty without one: then the algorithm is `none`, and otherwise it is not. */
  readonly signature: Uint8Array;
}

/** Parameters that name or bring a key in ways nobody here follows, or change what is signed (RFC 7515 section 4.1, RFC 7797). */
const forbidden = ['jwk', 'x5u', 'crit', 'b64', 'zip'] as const;
const maximumHeader = 65_536;
/** A chain of certificates is the longest list in a header. */
const maximumHeaderValues = 64;
const maximumSignature = 1024;

/**
 * Reads a compact JWS strictly: base64url without padding and with one spelling for each value, a header that is a
 * JSON object without duplicate names, and none of the parameters that move trust or meaning (`jwk`, `x5u`, `crit`,
 * `b64`, `zip`). `jku` is the caller's to judge: nothing here fetches.
 *
 * @throws a CODEC error.
 */
export function readCompactJws(text: string, { maxBytes }: { readonly maxBytes: number }): CompactJws {
  if (text.length > maxBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', `A JWS over ${maxBytes} characters.`);
  const [headerPart = '', payloadPart = '', signaturePart = '', ...rest] = text.split('.', 4);
  if (rest.length > 0 || text.split('.', 3).length !== 3) throw invalid('three parts wanted');
  const header = readHeader(fromBase64url(headerPart, { maxBytes: maximumHeader }));
  const algorithm = header['alg'];
  if (typeof algorithm !== 'string') throw invalid('a header without alg');
  const signature = fromBase64url(signaturePart, { maxBytes: maximumSignature });
  if ((algorithm === 'none') !== (signature.length === 0)) throw invalid('a signature that alg does not tell of');
  return Object.freeze({
    header,
    algorithm,
    payload: fromBase64url(payloadPart),
    signingInput: utf8(`${headerPart}.${payloadPart}`),
    signature,
  });
}

function readHeader(bytes: Uint8Array): JsonObject {
  const header = parseJson(decodeUtf8(bytes), maximumHeader, { maxValues: maximumHeaderValues });
  if (!isJsonObject(header)) throw invalid('a header that is no JSON object');
  const found = forbidden.find((name) => name in header);
  if (found !== undefined) throw invalid(`the header parameter ${found}`);
  return header;
}

function invalid(what: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `Not a JWS that is read here: ${what}.`);
}
