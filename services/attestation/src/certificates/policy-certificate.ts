import { createHash, X509Certificate } from 'node:crypto';
import { readWholeSequence } from '@enclos/codec';
import {
  ExtensionId,
  KeyUsage,
  parseBasicConstraints,
  parseKeyUsage,
  readCertificateShape,
  readValidity,
  requireVersion3,
  type CertificateShape,
} from '@enclos/codec/x509';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { publicKeyOfSpki, type PublicKey } from '@enclos/jose';
import { nodePublicKeyOf, type NodePublicKey } from '@enclos/jose/node';

/** A certificate whose key signs policies, or that issues such ones. */
export interface PolicyCertificate {
  readonly der: Uint8Array;
  readonly publicKey: PublicKey;
  readonly key: NodePublicKey;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** BasicConstraints with CA:TRUE, and a KeyUsage, if there is one, that lets it sign certificates. */
  readonly isAuthority: boolean;
  /** Most authorities that may stand between it and the end of a chain. */
  readonly pathLength: number;
  /** False when a KeyUsage forbids signing data. */
  readonly signsData: boolean;
  /** Names and signature, by OpenSSL. */
  issued(other: PolicyCertificate): boolean;
}

export const maximumCertificateBytes = 16_384;
/** RSA with SHA-2 (RFC 8017), RSASSA-PSS (RFC 4055), ECDSA with SHA-2 (RFC 5758). With MD5 and SHA-1, signatures were forged. */
const signatureAlgorithms: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.113549.1.1.10',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
]);
/** The critical extensions that are understood. The last one, alternative names, decides nothing here. */
const understood: ReadonlySet<string> = new Set([ExtensionId.keyUsage, ExtensionId.basicConstraints, '2.5.29.17']);

/**
 * Reads one certificate (RFC 5280 section 4.1), version 3, DER and nothing after it.
 * @throws CODEC_* or CODEC_INVALID for what OpenSSL does not read, for a weak key, and for a weak or unknown signature.
 */
export function readPolicyCertificate(input: Uint8Array): PolicyCertificate {
  const shape = readCertificateShape(input, { maxBytes: maximumCertificateBytes });
  const facts = readFacts(shape);
  const der = shape.encoded;
  const certificate = openCertificate(der);
  const publicKey = publicKeyOf(shape);
  const self: PolicyCertificate = {
    der,
    publicKey,
    key: nodePublicKeyOf(publicKey),
    ...facts,
    issued(other) {
      const issued = openCertificate(other.der);
      return issued.checkIssued(certificate) && issued.verify(certificate.publicKey);
    },
  };
  return Object.freeze(self);
}

/** Upper-case hex of the SHA-1, as Azure writes thumbprints. A name, nothing is decided by it. */
export function thumbprint(der: Uint8Array): string {
  return createHash('sha1').update(der).digest('hex').toUpperCase();
}

function publicKeyOf(shape: CertificateShape): PublicKey {
  try {
    return publicKeyOfSpki(shape.publicKey);
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    const message = 'The certificate has a key other than RSA of 2048 to 8192 bits or EC on a NIST curve.';
    throw new EnclosError('CODEC_INVALID', message, { cause });
  }
}

function openCertificate(der: Uint8Array): X509Certificate {
  try {
    const certificate = new X509Certificate(der);
    // Asks OpenSSL for the key now: one that it cannot read throws.
    if (certificate.publicKey.type === 'public') return certificate;
  } catch (cause) {
    throw new EnclosError('CODEC_INVALID', 'Not a certificate with a usable key.', { cause });
  }
  throw new EnclosError('CODEC_INVALID', 'Not a certificate with a public key.');
}

type Facts = Pick<PolicyCertificate, 'notBeforeMs' | 'notAfterMs' | 'isAuthority' | 'pathLength' | 'signsData'>;

function readFacts(shape: CertificateShape): Facts {
  requireVersion3(shape);
  const algorithm = readWholeSequence(shape.algorithm).objectIdentifier();
  if (!signatureAlgorithms.has(algorithm)) {
    throw new EnclosError('CODEC_INVALID', `A certificate with the signature algorithm ${algorithm}.`);
  }
  for (const { id, critical } of shape.extensions.values()) {
    if (critical && !understood.has(id)) throw new EnclosError('CODEC_INVALID', `Unknown critical extension ${id}.`);
  }
  return { ...readValidity(shape.validity), ...readUsage(shape) };
}

function readUsage({ extensions }: CertificateShape): Pick<Facts, 'isAuthority' | 'pathLength' | 'signsData'> {
  const keyUsage = extensions.get(ExtensionId.keyUsage)?.value;
  const usage = keyUsage === undefined ? undefined : parseKeyUsage(keyUsage, 'padded');
  const constraints = extensions.get(ExtensionId.basicConstraints)?.value;
  const { isAuthority = false, pathLength = Number.POSITIVE_INFINITY } =
    constraints === undefined ? {} : parseBasicConstraints(constraints, 'any');
  return {
    isAuthority: isAuthority && (usage === undefined || (usage & KeyUsage.keyCertSign) !== 0),
    pathLength,
    signsData: usage === undefined || (usage & (KeyUsage.digitalSignature | KeyUsage.contentCommitment)) !== 0,
  };
}
