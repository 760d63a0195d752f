import { fromBase64 } from '@enclos/codec';
import { isJsonObject, type JsonValue } from '@enclos/codec/json';

/** A certificate with a quote of each form, and endorsements, is below this. */
const maximumCertificateBytes = 524_288;

/**
 * The first certificate of the member x5c of a JWK, DER; undefined where there is
 * none. Its base64 has padding (RFC 7517 section 4.7).
 */
export function leafOfJwk(jwk: JsonValue | undefined): Uint8Array | undefined {
  const x5c = isJsonObject(jwk) ? jwk['x5c'] : undefined;
  const leaf: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  if (typeof leaf !== 'string' || leaf === '') return undefined;
  try {
    return fromBase64(leaf, { maxBytes: maximumCertificateBytes });
  } catch {
    return undefined;
  }
}
