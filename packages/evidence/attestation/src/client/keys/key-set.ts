import { readCertificateShape, requireVersion3, type CertificateShape } from '@enclos/codec/x509';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { isJsonObject, parseJsonBytes, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { orElse, refuseAnswer } from '../errors.ts';
import { publicKeyOfJwk, publicKeyOfSpki, samePublicKey, type PublicKey } from './public-key.ts';
import { leafOfJwk } from './x5c.ts';

/** An Enclos service lists at most 64 keys of its peers beside 64 of its own keys. */
const maximumKeys = 256;
const maximumKidLength = 512;
/** What the body of /certs may have at most. */
export const maximumKeySetBytes = 4_194_304;

/** A key of /certs that can be used. */
export interface ListedKey {
  readonly kid: string;
  readonly publicKey: PublicKey;
  /** The only algorithm that the key is for, if the set says so. */
  readonly algorithm: string | undefined;
  readonly certificate: Uint8Array | undefined;
  readonly shape: CertificateShape | undefined;
}

/** By kid: a key, or why there is none that can be used. */
export type KeySet = ReadonlyMap<string, ListedKey | EnclosError>;

/**
 * Reads a JSON Web Key Set (RFC 7517) as Azure Attestation and Enclos serve it:
 * a key is given by its members, by the leaf of x5c, or by both, which must be
 * equal then. A key that cannot be used does not spoil the others.
 *
 * @throws ATTESTATION_ANSWER_INVALID for a body that is not a key set, and for two keys with one kid.
 */
export function parseKeySet(body: Uint8Array): KeySet {
  const document = orElse(
    () => parseJsonBytes(body, maximumKeySetBytes),
    (cause) => refuseAnswer('key-set', 'The keys of the service are not strict JSON.', cause),
  );
  return readKeySet(document);
}

/** As `parseKeySet`, of what was read already. */
export function readKeySet(document: JsonValue): KeySet {
  const keys = isJsonObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(keys) || keys.length > maximumKeys) {
    return refuseAnswer('key-set', `The keys of the service are not a list of up to ${maximumKeys}.`);
  }
  const found = new Map<string, ListedKey | EnclosError>();
  for (const jwk of keys as readonly JsonValue[]) {
    if (!isJsonObject(jwk)) return refuseAnswer('key-set', 'The keys of the service are not JSON objects.');
    const { kid } = jwk;
    // Without a kid nothing can point to it.
    if (typeof kid !== 'string' || kid === '' || kid.length > maximumKidLength) continue;
    if (found.has(kid)) return refuseAnswer('key-set', 'Two keys of the service have one kid.');
    found.set(kid, readKey(kid, jwk));
  }
  return found;
}

function readKey(kid: string, jwk: JsonObject): ListedKey | EnclosError {
  try {
    return Object.freeze({ kid, ...keyOf(jwk) });
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return isEnclosError(error, 'TOKEN_REFUSED') ? error : unusable('it cannot be read', error);
  }
}

function keyOf(jwk: JsonObject): Omit<ListedKey, 'kid'> {
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') throw unusable('it is not for signatures');
  const operations = jwk['key_ops'];
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    throw unusable('it is not for signatures');
  }
  const { alg } = jwk;
  if (alg !== undefined && typeof alg !== 'string') throw unusable('its algorithm is not a text');
  const own = publicKeyOfJwk(jwk);
  const certificate = leafOfJwk(jwk);
  if (certificate === undefined && jwk['x5c'] !== undefined) throw unusable('its x5c is not a list of certificates');
  const shape = certificate === undefined ? undefined : readCertificateShape(certificate);
  if (shape !== undefined) requireVersion3(shape);
  const certified = shape === undefined ? undefined : publicKeyOfSpki(shape.publicKey);
  if (own !== undefined && certified !== undefined && !samePublicKey(own, certified)) {
    throw unusable('its certificate is of another key');
  }
  if (certified !== undefined && (certified.type === 'RSA') !== (jwk['kty'] === 'RSA')) {
    throw unusable('its certificate is of another type of key');
  }
  const publicKey = own ?? certified;
  if (publicKey === undefined) throw unusable('it has neither members nor a certificate');
  return { publicKey, algorithm: alg, certificate, shape };
}

function unusable(why: string, cause?: EnclosError): EnclosError {
  return new EnclosError('TOKEN_REFUSED', `The service lists the key that signed the token, but ${why}.`, {
    details: { rule: 'unusable-key' },
    cause,
  });
}
