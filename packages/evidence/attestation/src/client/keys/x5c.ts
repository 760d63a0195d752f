import { isJsonObject, type JsonValue } from '@enclos/codec/json';

/** A certificate with a quote of each form, and endorsements, is below this. */
const maximumCertificateBytes = 524_288;
const maximumLength = Math.ceil((4 * maximumCertificateBytes) / 3);
const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The first certificate of the member x5c of a JWK, DER; undefined where there is
 * none. Its base64 has padding (RFC 7517 section 4.7).
 */
export function leafOfJwk(jwk: JsonValue | undefined): Uint8Array | undefined {
  const x5c = isJsonObject(jwk) ? jwk['x5c'] : undefined;
  const leaf: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  if (typeof leaf !== 'string' || leaf === '' || leaf.length > maximumLength || !base64Pattern.test(leaf)) {
    return undefined;
  }
  return Uint8Array.from(atob(leaf), (character) => character.charCodeAt(0));
}
