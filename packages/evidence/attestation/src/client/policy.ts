import { decodeUtf8 } from '@enclos/codec/text';
import { fromBase64url, toBase64url, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { isJsonObject, parseJsonBytes, type JsonObject } from '@enclos/codec/json';
import { readCompactJws, unsignedJws } from '@enclos/jose';
import { misused } from '../refusal/refusal.ts';
import type { Subtle } from '../crypto/web-crypto.ts';

/** Policies of a megabyte exist; as JWS in a claim of a JWS they are 16/9 of that. */
export const maximumPolicyJwsBytes = 2_097_152;

/** The body that resets a policy: a JWS without a payload. */
export const emptyJws = unsignedJws('');

/**
 * What `x-ms-policy-hash` says of a policy that is stored with this text:
 * base64url of SHA-256 over the base64url of its UTF-8, which is what is stored.
 *
 * @throws VERIFIER_MISUSED where there is no WebCrypto.
 */
export async function policyHashOf(
  text: string,
  subtle: Pick<Subtle, 'digest'> = globalThis.crypto?.subtle ??
    misused('WebCrypto is not available here; in a browser it needs a secure context.'),
): Promise<string> {
  return hashOf(toBase64url(utf8(text)), subtle);
}

/** base64url of SHA-256 over a text. */
export async function hashOf(text: string, subtle: Pick<Subtle, 'digest'>): Promise<string> {
  return toBase64url(new Uint8Array(await subtle.digest('SHA-256', utf8(text))));
}

/** A policy as a service in AAD mode takes it, unsigned. Sign with a JOSE library where it must be signed. */
export function unsignedPolicy(text: string): string {
  const payload = JSON.stringify({ AttestationPolicy: toBase64url(utf8(text)) });
  return unsignedJws(payload);
}

/** The JSON of a JWS in compact form. Its signature is not looked at. @throws a CODEC error. */
export function payloadOf(jws: string): JsonObject | undefined {
  const { payload } = readCompactJws(jws, { maxLength: maximumPolicyJwsBytes });
  if (payload.length === 0) return undefined;
  const value = parseJsonBytes(payload, maximumPolicyJwsBytes);
  return isJsonObject(value) ? value : undefined;
}

/** The text of a stored policy; undefined for one that has none, as after a reset. @throws a CODEC error. */
export function policyTextOf(jws: string): string | undefined {
  const encoded = payloadOf(jws)?.['AttestationPolicy'];
  if (encoded === undefined) return undefined;
  if (typeof encoded !== 'string') throw new EnclosError('CODEC_INVALID', 'AttestationPolicy is not a text.');
  return decodeUtf8(fromBase64url(encoded, { maxBytes: maximumPolicyJwsBytes }));
}
