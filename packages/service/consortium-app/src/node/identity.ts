import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import { issueCertificate } from '@enclos/codec/x509';
import { toPem } from '@enclos/codec/pem';
import { nodeDigests } from '@enclos/ledger/node';
import { keyIdentifier, readEcdsaKey, type EcdsaKey } from '@enclos/ledger/proof';

/** A key of P-384 with its certificate. */
export interface CertifiedKey {
  readonly privateKey: KeyObject;
  readonly publicKey: EcdsaKey;
  /** PEM. */
  readonly certificate: string;
  /** SHA-256 of the public key in DER, hex: the identifier of nodes and services. */
  readonly id: string;
}

export interface CertifiedKeyOptions {
  /** The common name. */
  readonly name: string;
  /** Whose key signs. Default: the key itself, which then is an authority. */
  readonly issuer?: CertifiedKey & { readonly name: string };
  /** DNS names and IPv4 addresses. */
  readonly hosts?: readonly string[];
  readonly validFrom: Date;
  readonly validUntil: Date;
  /** For a certificate that signs itself: whether it may issue others. Default: true. */
  readonly isAuthority?: boolean;
}

/** Makes a key and its certificate, as CCF does for services, nodes, members and users. */
export function certifiedKey({
  name,
  issuer,
  hosts = [],
  validFrom,
  validUntil,
  ...rest
}: CertifiedKeyOptions): CertifiedKey {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-384',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const privateKey = createPrivateKey(pair.privateKey);
  const spki = new Uint8Array(pair.publicKey);
  const signer = issuer?.privateKey ?? privateKey;
  const der = issueCertificate({
    commonName: name,
    ...(issuer === undefined ? {} : { issuerName: issuer.name }),
    hosts,
    isAuthority: issuer === undefined && (rest.isAuthority ?? true),
    // As CCF has it for services.
    pathLength: 1,
    subjectKeyId: certificateKeyId(privateKey),
    issuerKeyId: certificateKeyId(signer),
    validFrom,
    validUntil,
    serialNumber: new Uint8Array(randomBytes(16)),
    publicKey: spki,
    algorithm: 'ecdsa-sha384',
    sign: (bytes) => new Uint8Array(sign('sha384', bytes, signer)),
  });
  const publicKey = readEcdsaKey(spki);
  return { privateKey, publicKey, certificate: toPem('CERTIFICATE', der), id: keyIdentifier(publicKey, nodeDigests) };
}

/** The keys that sign a ledger. */
export interface ServiceIdentity {
  readonly service: CertifiedKey & { readonly name: string };
  readonly node: CertifiedKey;
}

const serviceName = 'CCF Service';
const day = 86_400_000;

/**
 * A new identity of a service with one node, whose certificate the service issues.
 *
 * @param hosts under which clients reach the node: DNS names and IPv4 addresses.
 * @example const identity = makeServiceIdentity(['127.0.0.1', 'localhost']);
 */
export function makeServiceIdentity(
  hosts: readonly string[],
  { nowMs = Date.now(), days = 90 }: { readonly nowMs?: number; readonly days?: number } = {},
): ServiceIdentity {
  // A client whose clock is a little late accepts it too.
  const validity = { validFrom: new Date(nowMs - 60_000), validUntil: new Date(nowMs + days * day) };
  const service = { ...certifiedKey({ name: serviceName, ...validity }), name: serviceName };
  return { service, node: certifiedKey({ name: 'CCF Node', issuer: service, hosts, ...validity }) };
}

/** Names a key in certificates: 20 bytes of SHA-256 of the point (RFC 7093 section 2, method 1). */
function certificateKeyId(privateKey: KeyObject): Uint8Array {
  const { x = '', y = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const point = createHash('sha256').update(Uint8Array.of(4)).update(x, 'base64url').update(y, 'base64url');
  return new Uint8Array(point.digest().subarray(0, 20));
}

/** The public key of a private one, PEM. */
export function publicPem({ privateKey }: Pick<CertifiedKey, 'privateKey'>): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}
