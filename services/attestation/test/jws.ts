import { constants, sign, type KeyObject } from 'node:crypto';
import type { TestCertificate } from './certificates.ts';

export function b64url(value: string | Uint8Array | object): string {
  const bytes = typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value);
  return Buffer.from(bytes).toString('base64url');
}

/** Signs as the algorithm says; what it does not know is a mistake of the test. */
export function signJws(
  header: { readonly alg: string; readonly [name: string]: unknown },
  payload: unknown,
  key: KeyObject,
): string {
  const text = payload === '' ? '' : b64url(typeof payload === 'string' ? payload : JSON.stringify(payload));
  const input = `${b64url(header)}.${text}`;
  return `${input}.${signatureOf(header.alg, Buffer.from(input), key).toString('base64url')}`;
}

function signatureOf(alg: string, input: Buffer, key: KeyObject): Buffer {
  const hash = `sha${alg.slice(2)}`;
  if (alg.startsWith('ES')) return sign(hash, input, { key, dsaEncoding: 'ieee-p1363' });
  if (alg.startsWith('RS')) return sign(hash, input, key);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign(hash, input, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
}

export function unsignedJws(payload: unknown, header: object = { alg: 'none' }): string {
  return `${b64url(header)}.${payload === '' ? '' : b64url(JSON.stringify(payload))}.`;
}

/** A policy or certificate JWS as managers sign it: with the chain of the signer. */
export function managerJws(
  payload: unknown,
  signer: TestCertificate,
  {
    chain = [signer],
    alg = signer.key.publicKey.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256',
    ...header
  }: {
    readonly chain?: readonly TestCertificate[];
    readonly alg?: string;
    readonly [name: string]: unknown;
  } = {},
): string {
  return signJws({ alg, x5c: chain.map(({ base64 }) => base64), ...header }, payload, signer.key.privateKey);
}

export function policyPayload(text: string): { readonly AttestationPolicy: string } {
  return { AttestationPolicy: b64url(text) };
}

export const permissive = 'version=1.0;authorizationrules{=>permit();};issuancerules{};';

/** Claims of a token, unverified. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Readonly<
    Record<string, unknown>
  >;
}
