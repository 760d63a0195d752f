import { decodeUtf8 } from '@enclos/codec/text';
import { createHash } from 'node:crypto';
import { isJsonObject, parseJson } from '@enclos/codec/json';
import { fromBase64url, toBase64url, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { readCompactJws, unsignedJws } from '@enclos/jose';
import { readX5c, jwkOf } from '../certificates/x5c.ts';
import { maximumJws } from './policy-jws.ts';

/** What the payload of a policy JWS holds. */
export interface PolicyPayload {
  /** The member `AttestationPolicy` as it was sent: what `x-ms-policy-hash` is over. */
  readonly encoded: string;
  readonly text: string;
}

const maximumPolicyBytes = 1_048_576;

/** Reads `{"AttestationPolicy": base64url(text)}`. @throws a CODEC error. */
export function readPolicyPayload(payload: Uint8Array): PolicyPayload {
  const value = parseJson(decodeUtf8(payload), 2 * maximumPolicyBytes);
  const encoded = isJsonObject(value) && Object.keys(value).length === 1 ? value['AttestationPolicy'] : undefined;
  if (typeof encoded !== 'string') {
    throw new EnclosError('CODEC_INVALID', 'An object wanted with the one member AttestationPolicy, a string.');
  }
  return { encoded, text: decodeUtf8(fromBase64url(encoded, { maxBytes: maximumPolicyBytes })) };
}

/** The JWS, not signed, of a policy text: how a default policy is shown. */
export function unsignedPolicyJws(text: string): string {
  const payload = JSON.stringify({ AttestationPolicy: toBase64url(utf8(text)) });
  return unsignedJws(payload);
}

/** base64url of the SHA-256 of a JWS: `x-ms-policy-token-hash`. */
export function policyTokenHash(jws: string): string {
  return toBase64url(createHash('sha256').update(jws).digest());
}

/** base64url of the SHA-256 of the encoded policy: `x-ms-policy-hash`. */
export function policyHash(encoded: string): string {
  return policyTokenHash(encoded);
}

/** A policy as it lies in the state of a tenant, where only verified ones get. */
export interface StoredPolicy extends PolicyPayload {
  /** Whose key signed it: `x-ms-policy-signer`. */
  readonly signer?: { readonly kty: string; readonly x5c: readonly string[] };
}

/** Reads a JWS of `TenantDocument.policies`. Its signature was verified when it was set. @throws a CODEC error. */
export function readStoredPolicy(jws: string): StoredPolicy {
  const { header, algorithm, payload } = readCompactJws(jws, { maxLength: maximumJws });
  const policy = readPolicyPayload(payload);
  return algorithm === 'none' ? policy : { ...policy, signer: jwkOf(readX5c(header['x5c'])) };
}
