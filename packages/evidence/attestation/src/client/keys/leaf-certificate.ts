import { isJsonObject, type JsonValue } from '@enclos/codec/json';
import { readX5c } from '@enclos/jose';

/** Certificates above that of a key. A certificate with a quote of each form, and endorsements, is below the bytes. */
const bounds = Object.freeze({ maxCertificates: 8, maxBytes: 524_288 });

/** The first certificate of the member x5c of a JWK, DER. @throws a CODEC error where there is none. */
export function leafOfJwk(jwk: JsonValue | undefined): Uint8Array {
  const [leaf = new Uint8Array()] = readX5c(isJsonObject(jwk) ? jwk['x5c'] : undefined, bounds);
  return leaf;
}
