import { readCertificateShape, requireVersion3, type CertificateShape } from '@enclos/codec/x509';
import { isJsonObject, parseJsonBytes, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import {
  algorithmOfSignatureKey,
  keyTypeOf,
  publicKeyOfJwk,
  publicKeyOfSpki,
  readKeySet as readJwks,
  samePublicKey,
  type PublicKey,
} from '@enclos/jose';
import { orElse, refuseAnswer } from '../errors.ts';
import { leafOfJwk } from './leaf-certificate.ts';

/** An Enclos service lists at most 64 keys of its peers beside 64 of its own keys. */
const maximumKeys = 256;
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
 * @throws ATTESTATION_ANSWER_INVALID for a document that is not a key set, and for two keys with one kid.
 */
export function parseKeySet(body: Uint8Array): KeySet {
  const document = orElse(
    () => parseJsonBytes(body, maximumKeySetBytes),
    (cause) => refuseAnswer('key-set', 'The keys of the service are not strict JSON.', cause),
  );
  return readKeySet(document);
}

/** As `parseKeySet`, of a document that was parsed already. */
export function readKeySet(document: JsonValue): KeySet {
  return orElse(
    () => readJwks(isJsonObject(document) ? document['keys'] : undefined, maximumKeys, readKey),
    (cause) => refuseAnswer('key-set', `The keys of the service cannot be used. ${cause.message}`, cause),
  );
}

function readKey(kid: string, jwk: JsonObject): ListedKey | EnclosError {
  try {
    return Object.freeze({ kid, ...keyOf(jwk) });
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return isEnclosError(error, 'TOKEN_REFUSED') ? error : unusable(reasonOf(error), error);
  }
}

const reasons: Readonly<Record<string, string>> = Object.freeze({
  use: 'it is not for signatures',
  alg: 'its algorithm is not a text',
  x5c: 'its x5c is not a list of certificates',
});

function reasonOf({ details }: EnclosError): string {
  return reasons[String(details['rule'])] ?? 'it cannot be read';
}

function keyOf(jwk: JsonObject): Omit<ListedKey, 'kid'> {
  const algorithm = algorithmOfSignatureKey(jwk);
  const own = publicKeyOfJwk(jwk);
  const certificate = jwk['x5c'] === undefined ? undefined : leafOfJwk(jwk);
  const shape = certificate === undefined ? undefined : readCertificateShape(certificate);
  if (shape !== undefined) requireVersion3(shape);
  const certified = shape === undefined ? undefined : publicKeyOfSpki(shape.publicKey);
  if (own !== undefined && certified !== undefined && !samePublicKey(own, certified)) {
    throw unusable('its certificate is of another key');
  }
  if (certified !== undefined && keyTypeOf(certified) !== jwk['kty']) {
    throw unusable('its certificate is of another type of key');
  }
  const publicKey = own ?? certified;
  if (publicKey === undefined) throw unusable('it has neither members nor a certificate');
  return { publicKey, algorithm, certificate, shape };
}

function unusable(why: string, cause?: EnclosError): EnclosError {
  return new EnclosError('TOKEN_REFUSED', `The service lists the key that signed the token, but ${why}.`, {
    details: { rule: 'unusable-key' },
    cause,
  });
}
