import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { tokenKeyExtensions } from '@enclos/atls/token-key';
import { toPem } from '@enclos/codec/pem';
import { selfSignedCertificate } from '@enclos/codec/x509';

export interface TlsIdentityOptions {
  /** Names and addresses in the certificate, the first one its subject. */
  readonly names: readonly string[];
  /** The issuer of the first tenant. */
  readonly issuer: string;
  readonly configurationDigest: string;
  readonly issuedAtMs: number;
  readonly quote: (reportData: Uint8Array) => Promise<Uint8Array>;
}

/** Key and certificate in PEM, as `tlsServer` takes them. */
export interface TlsKeyPair {
  readonly key: string;
  readonly cert: string;
}

/**
 * What the claims in the TLS certificate have as their issuer. An issuer is a URL
 * without a fragment, so no key of TLS passes for one that signs tokens.
 */
const tlsIssuer = (issuer: string): string => `${issuer}#tls`;

/** A P-256 key that is born here and never leaves, and a certificate whose evidence says so. */
export async function createTlsKeyPair(options: TlsIdentityOptions): Promise<TlsKeyPair> {
  const { names, issuer, configurationDigest: configuration, issuedAtMs, quote } = options;
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
  const [name = 'localhost', ...alternativeNames] = names;
  const certificate = selfSignedCertificate({
    name,
    alternativeNames,
    serialNumber: new Uint8Array(randomBytes(16)),
    publicKey,
    extensions: await tokenKeyExtensions(publicKey, { issuedAtMs, issuer: tlsIssuer(issuer), configuration }, quote),
    sign: (bytes) => new Uint8Array(sign('sha256', bytes, pair.privateKey)),
  });
  return Object.freeze({
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: toPem('CERTIFICATE', certificate),
  });
}
