import { toPem } from '@enclos/codec/pem';
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  webcrypto,
  type KeyObject,
} from 'node:crypto';

/** The X.509 library takes a while to load, and only the command that makes certificates needs it. */
async function library(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** For clocks of API servers that are behind. */
const backdatedMs = 5 * 60_000;
const dayMs = 24 * 60 * 60_000;

/** A certificate and its private key, in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface Validity {
  readonly now: Date;
  readonly days: number;
}

/** A certificate authority that signs itself, and may sign no other authority. */
export async function issueAuthority(name: string, validity: Validity): Promise<Identity> {
  const x509 = await library();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = await cryptoKey(publicKey);
  // A different name each time, so that an old and a new one are told apart.
  const subject = `CN=${name} CA ${randomBytes(4).toString('hex')}`;
  const certificate = await x509.X509CertificateGenerator.create({
    ...lifetime(validity),
    serialNumber: serialNumber(),
    subject,
    issuer: subject,
    publicKey: key,
    signingKey: await cryptoKey(privateKey),
    signingAlgorithm: ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(key),
    ],
  });
  return { cert: pemOf(certificate), key: pemOfKey(privateKey) };
}

/** A certificate for a server of these DNS names, which `authority` signs. */
export async function issueServing(
  dnsNames: readonly string[],
  authority: Identity,
  validity: Validity,
): Promise<Identity> {
  const x509 = await library();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = await cryptoKey(publicKey);
  const issuer = new x509.X509Certificate(authority.cert);
  const certificate = await x509.X509CertificateGenerator.create({
    ...lifetime(validity),
    serialNumber: serialNumber(),
    // The names are in the extension (RFC 5280 section 4.1.2.6); a common name holds 64 characters, which they may exceed.
    subject: 'CN=enclos admission webhook',
    issuer: issuer.subjectName,
    publicKey: key,
    signingKey: await cryptoKey(createPrivateKey(authority.key)),
    signingAlgorithm: ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns', value }))),
      await x509.AuthorityKeyIdentifierExtension.create(await cryptoKey(createPublicKey(authority.key))),
      await x509.SubjectKeyIdentifierExtension.create(key),
    ],
  });
  return { cert: pemOf(certificate), key: pemOfKey(privateKey) };
}

function lifetime({ now, days }: Validity): { notBefore: Date; notAfter: Date } {
  const at = (ms: number): Date => new Date(Math.floor(ms / 1000) * 1000);
  return { notBefore: at(now.getTime() - backdatedMs), notAfter: at(now.getTime() + days * dayMs) };
}

/** 16 bytes in hex whose first is 0x40 to 0x7f: positive, minimal, never zero. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function cryptoKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const isPrivate = key.type === 'private';
  const data = key.export({ type: isPrivate ? 'pkcs8' : 'spki', format: 'der' } as { type: 'spki'; format: 'der' });
  return webcrypto.subtle.importKey(isPrivate ? 'pkcs8' : 'spki', data, ecdsa, true, [isPrivate ? 'sign' : 'verify']);
}

function pemOf(certificate: { readonly rawData: ArrayBuffer }): string {
  return toPem('CERTIFICATE', new Uint8Array(certificate.rawData));
}

function pemOfKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
