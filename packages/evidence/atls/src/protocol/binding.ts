import { createPrivateKey, createPublicKey, randomBytes, sign, verify, type KeyObject } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { boundReportData } from '@enclos/attestation';
import { ByteWriter, concatBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import '../errors.ts';
import { nonceBytes } from './messages.ts';
import type { Role } from '../roles.ts';

/** The secrets that only the two sides of one connection know. */
export interface Nonces {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** What evidence of one side must be about. */
export interface Subject {
  /** The side that attests. */
  readonly role: Role;
  /** RFC 8446 section 7.5, for this role and these nonces. */
  readonly exporter: Uint8Array;
  /** The challenge that is answered: that of the other side. */
  readonly nonce: Uint8Array;
  /** SubjectPublicKeyInfo of the attester's leaf certificate, DER. */
  readonly publicKey: Uint8Array;
}

const exporterLabel = 'EXPORTER-enclos-atls-1';
const exporterBytes = 32;
const signatureTag = utf8('enclos-atls/1 cached');

export function freshNonce(): Uint8Array {
  return new Uint8Array(randomBytes(nonceBytes));
}

/** The subject of evidence on this connection. An intermediary has a different exporter with each side. */
export function subjectOf(
  socket: TLSSocket,
  { role, nonces, publicKey }: { readonly role: Role; readonly nonces: Nonces; readonly publicKey: Uint8Array },
): Subject {
  const context = concatBytes(Uint8Array.of(role === 'client' ? 1 : 2), nonces.client, nonces.server);
  const exporter = socket.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.from(context));
  const nonce = role === 'client' ? nonces.server : nonces.client;
  return Object.freeze({ role, exporter: new Uint8Array(exporter), nonce, publicKey });
}

/** The report data of a fresh quote. */
export function freshReportData({ role, exporter, nonce, publicKey }: Subject): Promise<Uint8Array> {
  return boundReportData({
    purpose: `enclos-atls/1 fresh ${role}`,
    nonce: concatBytes(exporter, nonce),
    key: publicKey,
  });
}

/** What a leaf key says about a connection, for evidence that is about the key. */
export function signSubject(subject: Subject, privateKey: string): Uint8Array {
  return new Uint8Array(sign('sha256', signedBytes(subject), createPrivateKey(privateKey)));
}

/** @throws ATLS_EVIDENCE_NOT_BOUND */
export function requireSubjectSignature(subject: Subject, signature: Uint8Array): void {
  const { publicKey } = subject;
  let isSigned = false;
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
    isSigned = isP256(key) && verify('sha256', signedBytes(subject), key, signature);
  } catch {
    // A key or a signature that OpenSSL cannot read.
  }
  if (!isSigned) throw new EnclosError('ATLS_EVIDENCE_NOT_BOUND');
}

function isP256({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

/** No other use of the key signs bytes that begin like this: TLS 1.3 begins with 64 spaces, X.509 with a SEQUENCE. */
function signedBytes({ role, exporter, nonce, publicKey }: Subject): Uint8Array {
  return new ByteWriter({ sizeHint: 256 })
    .u8(signatureTag.length)
    .bytes(signatureTag)
    .u8(role === 'client' ? 1 : 2)
    .fixed(exporter, exporterBytes)
    .fixed(nonce, nonceBytes)
    .u16(publicKey.length)
    .bytes(publicKey)
    .finish();
}
