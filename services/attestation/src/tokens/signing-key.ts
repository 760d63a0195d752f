import { createHash, generateKeyPair, randomBytes, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { toBase64 } from '@enclos/codec';
import { selfSignedSigningCertificate, type SigningCertificate } from '@enclos/codec/x509';
import { keyTypeOf, publicKeyOfSpki, publicMembers } from '@enclos/jose';
import { thumbprintOf } from '@enclos/jose/node';
import { tokenKeyExtensions } from '@enclos/atls/token-key';
import type { PublishedKey } from '@enclos/service/peers';
import { certificateName } from './certificate-name.ts';
import type { TokenAlgorithm, TokenSignerOptions } from './signer.ts';

const generate = promisify(generateKeyPair);

/** A key that was born here. The private one leaves neither this object nor the enclave. */
export interface SigningKey {
  readonly published: PublishedKey;
  /** SHA-1 of the certificate, base64url: `x5t` (RFC 7515 section 4.1.7). */
  readonly x5t: string;
  /** When it was made, and is published. */
  readonly bornMs: number;
  /** The end of its certificate: no token that it signed may outlive it. */
  readonly untilMs: number;
  /** The signature of a JWS, of the form that its algorithm wants (RFC 7518 section 3). */
  sign(input: string): Promise<Uint8Array>;
}

interface Scheme {
  readonly digest: 'sha256' | 'sha384';
  readonly certificate: SigningCertificate['algorithm'];
  readonly curve?: 'P-256' | 'P-384';
}

const schemes: Readonly<Record<TokenAlgorithm, Scheme>> = Object.freeze({
  RS256: { digest: 'sha256', certificate: 'rsa-sha256' },
  ES256: { digest: 'sha256', certificate: 'ecdsa-sha256', curve: 'P-256' },
  ES384: { digest: 'sha384', certificate: 'ecdsa-sha384', curve: 'P-384' },
});

export interface KeyDates {
  readonly bornMs: number;
  readonly untilMs: number;
}

/** How slow the clock of a reader of the certificate may be. */
const backdatedMs = 300_000;

/**
 * Makes a key, a quote about it, and a certificate that holds both. Neither blocks: keys are made by a thread.
 * @throws what the quote throws, as ATLS_EVIDENCE_UNAVAILABLE.
 */
export async function createSigningKey(options: TokenSignerOptions, dates: KeyDates): Promise<SigningKey> {
  const { algorithm } = options;
  const scheme = schemes[algorithm];
  const { privateKey, publicKey } = await generatePair(options, scheme);
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  const certificate = await certify({ privateKey, spki, scheme }, options, dates);
  const key = publicKeyOfSpki(spki);
  const published = Object.freeze({
    kid: thumbprintOf(key),
    kty: keyTypeOf(key),
    alg: algorithm,
    jwk: Object.freeze(publicMembers(key)),
    x5c: Object.freeze([toBase64(certificate)]),
  } as const);
  return Object.freeze({
    published,
    x5t: createHash('sha1').update(certificate).digest('base64url'),
    ...dates,
    sign: (input: string) => signWith(privateKey, scheme, input),
  });
}

async function generatePair(
  { rsaBits = 2048 }: TokenSignerOptions,
  { curve }: Scheme,
): Promise<{ readonly privateKey: KeyObject; readonly publicKey: KeyObject }> {
  return curve === undefined
    ? generate('rsa', { modulusLength: rsaBits, publicExponent: 65_537 })
    : generate('ec', { namedCurve: curve });
}

async function certify(
  { privateKey, spki, scheme }: { privateKey: KeyObject; spki: Uint8Array; scheme: Scheme },
  { issuer, configurationDigest, quote, software, testSettings }: TokenSignerOptions,
  { bornMs, untilMs }: KeyDates,
): Promise<Uint8Array> {
  const claims = { issuer, configuration: configurationDigest, issuedAtMs: bornMs };
  return selfSignedSigningCertificate({
    commonName: certificateName(issuer),
    organizationalUnits: [
      ...(software ? ['Software platforms are accepted'] : []),
      ...(testSettings ? ['Test settings are allowed'] : []),
    ],
    uri: issuer,
    validFrom: new Date(bornMs - backdatedMs),
    validUntil: new Date(untilMs),
    serialNumber: new Uint8Array(randomBytes(16)),
    publicKey: spki,
    algorithm: scheme.certificate,
    extensions: await tokenKeyExtensions(spki, claims, quote),
    sign: (bytes) => new Uint8Array(sign(scheme.digest, bytes, privateKey)),
  });
}

/** The `kid` of a key. @param publicKey SubjectPublicKeyInfo, DER. */
export function keyIdOf(publicKey: Uint8Array): string {
  return thumbprintOf(publicKeyOfSpki(publicKey));
}

function signWith(key: KeyObject, { digest, curve }: Scheme, input: string): Promise<Uint8Array> {
  // RSA needs no options, with which Node 24 takes 40 µs longer.
  const settings = curve === undefined ? key : { key, dsaEncoding: 'ieee-p1363' as const };
  const bytes = Buffer.from(input, 'ascii');
  // With a callback a thread signs, and requests go on meanwhile.
  return new Promise((resolve, reject) => sign(digest, bytes, settings, settling(resolve, reject)));
}

/**
 * What Node calls with the signature. It is made apart from what is signed: Node keeps the function where only a full collection
 * of garbage frees it, and with it all that the function could refer to.
 */
function settling(resolve: (signature: Uint8Array) => void, reject: (error: Error) => void) {
  return (error: Error | null, signature: Buffer): void => {
    if (error === null) resolve(new Uint8Array(signature));
    else reject(error);
  };
}
