import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';

/** What `selfSignedCertificate` of `@enclos/codec/x509` is, on which this package does not depend. */
export type SelfSigning = (options: {
  readonly name: string;
  readonly serialNumber: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}) => Uint8Array;

/**
 * Key and certificate of a server that is its own authority, in PEM.
 * @param selfSigned `selfSignedCertificate` of `@enclos/codec/x509`.
 */
export function tlsKeyPair(selfSigned: SelfSigning, name: string): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = selfSigned({
    name,
    serialNumber: new Uint8Array(randomBytes(16)),
    publicKey: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
    sign: (bytes) => new Uint8Array(sign('sha256', bytes, privateKey)),
  });
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: new X509Certificate(der).toString(),
  };
}
