import { createHash, createSign, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { concatBytes, toBase64url, utf8 } from '@enclos/codec';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { isEnclosError } from '@enclos/errors';
import {
  createAttestationClient,
  type AttestationClient,
  type AttestationClientOptions,
  type TokenExpectations,
} from '../../src/client/index.ts';
import type { JsonValue } from '@enclos/codec/json';

export const issuer = 'https://maa.example.test';
/** What `now` gives in these tests, in seconds. */
export const nowSeconds = 1_800_000_000;
export const now = (): Date => new Date(nowSeconds * 1000);

export interface TestKey {
  readonly kid: string;
  readonly alg: 'RS256' | 'ES256' | 'ES384';
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const rsa = (bits: number): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } =>
  generateKeyPairSync('rsa', { modulusLength: bits });
const curve = (namedCurve: string): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve });

export const rsaKey: TestKey = { kid: 'rsa', alg: 'RS256', ...rsa(2048) };
export const p256Key: TestKey = { kid: 'p256', alg: 'ES256', ...curve('P-256') };
export const p384Key: TestKey = { kid: 'p384', alg: 'ES384', ...curve('P-384') };
/** The service does not list these. */
export const strangerKey: TestKey = { kid: 'stranger', alg: 'RS256', ...rsa(2048) };
export const smallKey: TestKey = { kid: 'small', alg: 'RS256', ...rsa(1024) };

export function spkiOf(key: Pick<TestKey, 'publicKey'>): Uint8Array {
  return new Uint8Array(key.publicKey.export({ type: 'spki', format: 'der' }));
}

const certifier = curve('P-256').privateKey;

/** A certificate for the key. Nobody looks at its signature. */
export function certificateFor(
  key: Pick<TestKey, 'publicKey'>,
  extensions: readonly { readonly id: string; readonly value: Uint8Array }[] = [],
  name = 'maa.example.test',
): Uint8Array {
  return selfSignedCertificate({
    name,
    serialNumber: new Uint8Array(randomBytes(16)),
    publicKey: spkiOf(key),
    extensions,
    sign: (bytes) => new Uint8Array(createSign('sha256').update(bytes).sign(certifier)),
  });
}

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** As Azure lists a key: kid and certificate, no members. */
export function azureJwk(key: TestKey): Readonly<Record<string, JsonValue>> {
  return { kty: key.alg === 'RS256' ? 'RSA' : 'EC', kid: key.kid, use: 'sig', x5c: [base64(certificateFor(key))] };
}

export function memberJwk(key: TestKey): Readonly<Record<string, JsonValue>> {
  return { ...(key.publicKey.export({ format: 'jwk' }) as Record<string, string>), kid: key.kid };
}

export const keySet = { keys: [azureJwk(rsaKey), memberJwk(p256Key), { ...memberJwk(p384Key), ...azureJwk(p384Key) }] };

const encode = (part: unknown): string => toBase64url(utf8(typeof part === 'string' ? part : JSON.stringify(part)));

export interface Forgery {
  readonly key?: TestKey;
  /** Members of the header, or its whole text. Undefined members are left out. */
  readonly header?: Readonly<Record<string, unknown>> | string;
  readonly signature?: (good: Uint8Array) => Uint8Array;
}

/** A JWS over any text: what libraries do not sign, too. */
export function signToken(claims: unknown, { key = rsaKey, header = {}, signature }: Forgery = {}): string {
  const head = typeof header === 'string' ? header : { alg: key.alg, kid: key.kid, typ: 'JWT', ...header };
  const signed = `${encode(head)}.${encode(claims)}`;
  const hash = key.alg === 'ES384' ? 'sha384' : 'sha256';
  const good = new Uint8Array(sign(hash, Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }));
  return `${signed}.${toBase64url(signature?.(good) ?? good)}`;
}

const hex = (byte: string, size: number): string => byte.repeat(size);

const common = {
  iss: issuer,
  iat: nowSeconds - 10,
  nbf: nowSeconds - 60,
  exp: nowSeconds + 28_000,
  jti: 'a',
  'x-ms-ver': '1.0',
  'x-ms-policy-hash': 'policy',
  nonce: 'nonce-1',
};

export const sgxClaims = {
  ...common,
  'x-ms-attestation-type': 'sgx',
  'x-ms-sgx-is-debuggable': false,
  'x-ms-sgx-mrenclave': hex('ab', 32),
  'x-ms-sgx-mrsigner': hex('CD', 32),
  'x-ms-sgx-product-id': 4,
  'x-ms-sgx-svn': 7,
};

export const snpClaims = {
  ...common,
  'x-ms-attestation-type': 'sevsnpvm',
  'x-ms-sevsnpvm-is-debuggable': false,
  'x-ms-sevsnpvm-launchmeasurement': hex('01', 48),
  'x-ms-sevsnpvm-hostdata': hex('02', 32),
  'x-ms-sevsnpvm-reportdata': hex('03', 64),
  'x-ms-sevsnpvm-guestsvn': 3,
  'x-ms-sevsnpvm-vmpl': 0,
};

export const tdxClaims = {
  ...common,
  'x-ms-attestation-type': 'tdxvm',
  tdx_td_attributes_debug: false,
  dbgstat: 'disabled',
  tdx_mrtd: hex('11', 48),
  tdx_mrseam: hex('12', 48),
  tdx_mrconfigid: hex('13', 48),
  tdx_rtmr0: hex('14', 48),
  tdx_rtmr1: hex('15', 48),
  tdx_rtmr2: hex('16', 48),
  tdx_rtmr3: hex('17', 48),
  tdx_report_data: hex('18', 64),
  attester_tcb_status: 'UpToDate',
};

export const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

/** Report data of evidence that binds these data: 64 bytes of hex. */
export const boundTo = (data: Uint8Array): string =>
  Buffer.from(concatBytes(sha256(data), new Uint8Array(32))).toString('hex');

/** A client that has the keys already, and asks nobody. */
export function offlineClient(options: Partial<AttestationClientOptions> = {}): AttestationClient {
  const fetch = (): never => {
    throw new Error('nothing is to be fetched');
  };
  return createAttestationClient({ endpoint: issuer, now, fetch, keys: { pinned: keySet }, ...options });
}

export const expectSgx: TokenExpectations = { attestationType: 'sgx' };

/** For assert.rejects: the code, the rule, and nothing of the token in any text. */
export function refusal(code: string, rule: string, token?: string): (error: unknown) => boolean {
  return (error) => {
    if (!isEnclosError(error) || error.code !== code || error.details['rule'] !== rule) throw error;
    const texts = [error.message, error.next, JSON.stringify(error.details)].join(' ');
    const parts = token?.split('.').filter((part) => part.length > 12) ?? [];
    if (parts.some((part) => texts.includes(part))) throw new Error('The error quotes the token.');
    return true;
  };
}
