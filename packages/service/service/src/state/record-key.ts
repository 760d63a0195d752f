import { generateKeyPair, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { selfSignedCertificate } from '@enclos/codec/x509';

/** A replica's key for records, which it made itself. */
export interface RecordKey {
  /** DER, with evidence that binds the key, what it is for, and the configuration. */
  readonly certificate: Uint8Array;
  /** ECDSA with SHA-256, r then s, 64 bytes. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/**
 * What the evidence of a record key has as its issuer. An issuer is a URL without a fragment, so no key that signs a tenant's
 * tokens passes for one that signs its state, nor the reverse.
 */
export const recordIssuer = (issuer: string): string => `${issuer}#state`;

/**
 * Makes a P-256 key that never leaves this replica. Its certificate does not expire by a date: a state has to be readable for
 * as long as it is the newest. What ends trust in it is its evidence.
 *
 * @param service the name of the service, as in `StateFormat`.
 * @param evidence the extensions of a certificate for this SubjectPublicKeyInfo, with `recordIssuer` as the issuer.
 */
export async function createRecordKey(
  service: string,
  evidence: (publicKey: Uint8Array) => Promise<readonly { readonly id: string; readonly value: Uint8Array }[]>,
): Promise<RecordKey> {
  const pair = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const publicKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
  const certificate = selfSignedCertificate({
    name: `${service}-state.enclos`,
    serialNumber: new Uint8Array(randomBytes(16)),
    publicKey,
    extensions: await evidence(publicKey),
    sign: (bytes) => new Uint8Array(sign('sha256', bytes, pair.privateKey)),
  });
  return {
    certificate,
    sign: (bytes) => new Uint8Array(sign('sha256', bytes, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' })),
  };
}
