import { fromBase64url, utf8 } from '@enclos/codec';
import { isJsonObject, parseJsonBytes, type JsonObject } from '@enclos/codec/json';
import { orElse, refuseToken } from '../errors.ts';

/** Three texts of base64url between two dots; the last may be empty. */
const compactPattern = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)$/;
const maximumHeaderBytes = 32_768;
/** RSA of 8,192 bits. */
const maximumSignatureBytes = 1024;

/** A JWS in compact form (RFC 7515 section 3.1) whose payload is a JSON object. Nothing of it is verified. */
export interface Jwt {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** ASCII of header and payload as they stand. */
  readonly signedBytes: Uint8Array;
  /** Empty for an unsigned one. */
  readonly signature: Uint8Array;
}

/**
 * Reads a JWT strictly: canonical base64url, UTF-8, JSON without duplicate
 * members, three parts, within bounds.
 *
 * @throws TOKEN_REFUSED with the rule `form` or `size`.
 */
export function parseJwt(token: string, maximumBytes: number): Jwt {
  if (token.length > maximumBytes) refuseToken('size', `The token has more than ${maximumBytes} characters.`);
  const [, header, payload, signature] =
    compactPattern.exec(token) ?? refuseToken('form', 'The token is not three parts of base64url.');
  if (header === undefined || payload === undefined || signature === undefined) {
    return refuseToken('form', 'The token is not three parts of base64url.');
  }
  return Object.freeze({
    header: readObject(header, 'header', maximumHeaderBytes),
    claims: readObject(payload, 'payload', maximumBytes),
    signedBytes: utf8(`${header}.${payload}`),
    signature: readBytes(signature, 'signature', maximumSignatureBytes),
  });
}

function readObject(part: string, name: string, maxBytes: number): JsonObject {
  const bytes = readBytes(part, name, maxBytes);
  const value = orElse(
    () => parseJsonBytes(bytes, maxBytes),
    (cause) => refuseToken('form', `The ${name} of the token is not strict JSON.`, cause),
  );
  return isJsonObject(value) ? value : refuseToken('form', `The ${name} of the token is not a JSON object.`);
}

function readBytes(part: string, name: string, maxBytes: number): Uint8Array {
  return orElse(
    () => fromBase64url(part, { maxBytes }),
    (cause) => refuseToken('form', `The ${name} of the token is too long, or not canonical base64url.`, cause),
  );
}
