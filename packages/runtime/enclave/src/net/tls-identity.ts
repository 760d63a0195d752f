import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { toPem } from '@enclos/codec/pem';
import { selfSignedCertificate } from '@enclos/codec/x509';

/** A server's key and certificate, as `tlsServer` takes them. */
export interface TlsIdentity {
  /** The private key in PEM. Any party that has it can pose as this server: it must not leave the enclave. */
  readonly key: string;
  /** The certificate in PEM, for clients to pin. */
  readonly cert: string;
  /**
   * The SubjectPublicKeyInfo of the certificate in DER. Evidence must bind it (`quote({ purpose, nonce, key: publicKey })`) so
   * that a client can tell whose certificate it is.
   */
  readonly publicKey: Uint8Array;
}

/**
 * A fresh P-256 key and a self-signed certificate for it. The certificate vouches for nothing; evidence that binds its key
 * does.
 * @param name the DNS name that clients ask for, at most 64 ASCII characters.
 * @throws CODEC_OUT_OF_RANGE for another name.
 */
export function createTlsIdentity(name: string): TlsIdentity {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
  const certificate = selfSignedCertificate({
    name,
    serialNumber: randomBytes(16),
    publicKey,
    sign: (bytes) => new Uint8Array(sign('sha256', bytes, pair.privateKey)),
  });
  return Object.freeze({
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: toPem('CERTIFICATE', certificate),
    publicKey,
  });
}
