import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { selfSignedSigningCertificate } from '@enclos/codec/x509';
import type { ServiceCall } from './attestation-replica.ts';

/** What a manager of an isolated tenant signs policies with. */
export interface PolicySigner {
  readonly key: KeyObject;
  readonly certificate: Uint8Array;
}

export function createPolicySigner(name: string): PolicySigner {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const certificate = selfSignedSigningCertificate({
    commonName: name,
    uri: `urn:${name}`,
    validFrom: new Date('2026-01-01'),
    validUntil: new Date('2036-01-01'),
    serialNumber: new Uint8Array(randomBytes(16)),
    publicKey: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
    algorithm: 'rsa-sha256',
    sign: (bytes) => new Uint8Array(sign('sha256', bytes, privateKey)),
  });
  return { key: privateKey, certificate };
}

const version = 'api-version=2022-08-01';
const encoded = (value: string | Uint8Array): string => Buffer.from(value).toString('base64url');

/** A JWS (RFC 7515): by the signer, or not signed. */
function jws(payload: string, signer?: PolicySigner): string {
  const x5c = signer === undefined ? undefined : [Buffer.from(signer.certificate).toString('base64')];
  const header = signer === undefined ? { alg: 'none' } : { alg: 'RS256', x5c };
  const input = `${encoded(JSON.stringify(header))}.${encoded(payload)}`;
  return `${input}.${signer === undefined ? '' : encoded(sign('sha256', Buffer.from(input), signer.key))}`;
}

/** Permits all, and tokens of it have the claim `mark`. */
export const markingPolicy = (mark: string): string =>
  `version=1.0; authorizationrules { => permit(); }; issuancerules { => issue(type="mark", value="${mark}"); };`;

/** `x-ms-policy-hash` of tokens that this policy was evaluated for. */
export function policyHashOf(policy: string): string {
  return createHash('sha256').update(encoded(policy)).digest('base64url');
}

/** Calls of Azure Attestation's API, for `call` of a replica. */
export const attestSgx = (issuer: string, quote: Uint8Array, runtimeData: Uint8Array): ServiceCall => ({
  method: 'POST',
  path: `/attest/SgxEnclave?${version}`,
  issuer,
  body: { quote: encoded(quote), runtimeData: { data: encoded(runtimeData), dataType: 'Binary' } },
});

export interface PolicyChange {
  readonly issuer: string;
  readonly token: string;
  readonly type: string;
  readonly signer?: PolicySigner;
}

export const setPolicy = ({ issuer, token, type, signer }: PolicyChange, policy: string): ServiceCall => ({
  method: 'PUT',
  path: `/policies/${type}?${version}`,
  issuer,
  token,
  body: jws(JSON.stringify({ AttestationPolicy: encoded(policy) }), signer),
});

export const resetPolicy = ({ issuer, token, type, signer }: PolicyChange): ServiceCall => ({
  method: 'POST',
  path: `/policies/${type}:reset?${version}`,
  issuer,
  token,
  body: jws('', signer),
});

export const getPolicy = ({ issuer, token, type }: Omit<PolicyChange, 'signer'>): ServiceCall => ({
  path: `/policies/${type}?${version}`,
  issuer,
  token,
});

export interface CertificateChange {
  readonly issuer: string;
  readonly token: string;
  readonly signer: PolicySigner;
}

export const changeCertificate = (
  { issuer, token, signer }: CertificateChange,
  how: 'add' | 'remove',
  certificate: Uint8Array,
): ServiceCall => ({
  method: 'POST',
  path: `/certificates:${how}?${version}`,
  issuer,
  token,
  body: jws(
    JSON.stringify({ policyCertificate: { kty: 'RSA', x5c: [Buffer.from(certificate).toString('base64')] } }),
    signer,
  ),
});

export const getCertificates = (issuer: string, token: string): ServiceCall => ({
  path: `/certificates?${version}`,
  issuer,
  token,
});

export const getKeys = (issuer: string): ServiceCall => ({ path: '/certs', issuer });
export const getDiscovery = (issuer: string): ServiceCall => ({ path: '/.well-known/openid-configuration', issuer });

/** The text of the policy that `getPolicy` answered. */
export function policyTextOf(claims: Readonly<Record<string, unknown>>): string {
  const payload = partOf(String(claims['x-ms-policy']), 1) as { readonly AttestationPolicy: string };
  return Buffer.from(payload.AttestationPolicy, 'base64url').toString();
}

/** Header (0) or payload (1) of a JWS, which is not verified here. */
export function partOf(compact: string, part: 0 | 1): unknown {
  return JSON.parse(Buffer.from(compact.split('.')[part] ?? '', 'base64url').toString());
}
