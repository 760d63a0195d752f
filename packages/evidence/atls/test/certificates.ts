import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { ByteWriter, concatBytes, fromHex, utf8 } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import { selfSignedCertificate } from '@enclos/codec/x509';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** SubjectPublicKeyInfo of the certificates that `certificateWith` makes. */
export const publicKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
export const publicKeyText = concatBytes(utf8(toPem('PUBLIC KEY', publicKey)), Uint8Array.of(0));

export interface Extension {
  readonly id: string;
  readonly value: Uint8Array;
}

export function certificateWith(...extensions: readonly Extension[]): Uint8Array {
  return selfSignedCertificate({
    name: 'server.test',
    serialNumber: new Uint8Array(16),
    publicKey,
    extensions,
    sign: (bytes) => new Uint8Array(sign('sha256', bytes, pair.privateKey)),
  });
}

/** Bytes of the shape of a quote: its header and body, and the length of what follows. */
export function quoteLike(fill: number, signatureBytes = 100): Uint8Array {
  return new ByteWriter()
    .bytes(new Uint8Array(432).fill(fill))
    .u32(signatureBytes)
    .bytes(new Uint8Array(signatureBytes).fill(fill))
    .finish();
}

export function reportDataOf(bytes: Uint8Array): Uint8Array {
  const reportData = new Uint8Array(64);
  reportData.set(createHash('sha256').update(bytes).digest());
  return reportData;
}

export function openEnclaveReport(quote: Uint8Array, { version = 1, type = 2, extra = 0 } = {}): Uint8Array {
  return new ByteWriter()
    .u32(version)
    .u32(type)
    .u64(BigInt(quote.length + extra))
    .bytes(quote)
    .finish();
}

export function openEnclaveEvidence(
  quote: Uint8Array,
  { claims = publicKeyText, version = 3, format = 'a3a21e871b4d4014b70aa125d2fbcd8c' } = {},
): Uint8Array {
  const data = concatBytes(quote, claims);
  const aligned = concatBytes(fromHex(format), new Uint8Array(4));
  return new ByteWriter().u32(version).bytes(aligned).u64(BigInt(data.length)).bytes(data).finish();
}

/**
 * The same certificate with the content of one OBJECT IDENTIFIER exchanged for
 * another of the same length: some identifiers in use are none that a writer would write.
 */
export function withIdentifier(certificate: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const at = Buffer.from(certificate).indexOf(from);
  if (at === -1 || from.length !== to.length) throw new Error('No such identifier.');
  const changed = certificate.slice();
  changed.set(to, at);
  return changed;
}
