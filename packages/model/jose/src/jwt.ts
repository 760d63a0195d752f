import { isJsonObject, parseJsonBytes, type JsonObject } from '@enclos/codec/json';
import { readCompactJws, type CompactJws, type JwsBounds } from './compact-jws.ts';
import { reading, refuse } from './refusal.ts';

/** A JWS in compact form whose payload is a JSON object (RFC 7519). It was read and not verified. */
export interface Jwt extends CompactJws {
  readonly claims: JsonObject;
}

/**
 * Reads a JWT strictly: see `readCompactJws`. The claims are JSON without duplicate members.
 *
 * @example
 * const { header, claims } = readJwt(token, { maxLength: 16_384 });
 *
 * @throws as `readCompactJws`.
 */
export function readJwt(text: string, bounds: JwsBounds): Jwt {
  const jws = readCompactJws(text, bounds);
  const claims = reading('form', 'The payload of the JWT', () => parseJsonBytes(jws.payload, bounds.maxLength));
  if (!isJsonObject(claims)) return refuse('form', 'The payload of the JWT is not a JSON object.');
  return Object.freeze({ ...jws, claims });
}
