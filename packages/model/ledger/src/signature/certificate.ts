import { equalBytes, readWholeSequence } from '@enclos/codec';
import { fromPem } from '@enclos/codec/pem';
import { withoutTrailingNuls } from '@enclos/codec/text';
import {
  describeName,
  describeValidity,
  ExtensionId,
  parseBasicConstraints,
  readCertificateShape,
} from '@enclos/codec/x509';
import type { VerificationCrypto } from '@enclos/jose';
import { readEcdsaKey, verifyEcdsa, type EcdsaHash, type EcdsaKey } from './ecdsa.ts';
import { malformed } from './refusal.ts';
import { within } from '../within.ts';

const maximumBytes = 16_384;
/** RFC 5758 section 3.2. */
const hashes: Readonly<Record<string, EcdsaHash>> = Object.freeze({
  '1.2.840.10045.4.3.2': 'SHA-256',
  '1.2.840.10045.4.3.3': 'SHA-384',
  '1.2.840.10045.4.3.4': 'SHA-512',
});

/** A certificate of a node, a member or a service, read and not verified. */
export interface LedgerCertificate {
  /** DER. */
  readonly encoded: Uint8Array;
  readonly key: EcdsaKey;
  /** For people: `CN=CCF Service`. */
  readonly subject: string;
  /** Like 2026-01-31T12:00:00Z. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly isAuthority: boolean;
  /** What the check of its issuer needs. */
  readonly issuance: {
    readonly issuerName: Uint8Array;
    readonly subjectName: Uint8Array;
    /** None for a certificate that is not signed with ECDSA, as one of a member may be. */
    readonly hash?: EcdsaHash;
    readonly signedBytes: Uint8Array;
    readonly signature: Uint8Array;
  };
}

/**
 * Reads the certificate of a node, a member or a service: an X.509 certificate with a key of a curve.
 *
 * @param certificate DER, or the text of one PEM block.
 * @throws LEDGER_INVALID
 * @example const service = readLedgerCertificate(await readFile('service_cert.pem', 'utf8'));
 */
export function readLedgerCertificate(certificate: Uint8Array | string): LedgerCertificate {
  return within('A certificate of the ledger', () => {
    const [der, another] = typeof certificate === 'string' ? pemBlocks(certificate) : [certificate];
    if (der === undefined || another !== undefined) {
      return malformed('Where one certificate stands, there are several.');
    }
    const shape = readCertificateShape(der, { maxBytes: maximumBytes });
    const hash = hashes[readWholeSequence(shape.algorithm).objectIdentifier()];
    const constraints = shape.extensions.get(ExtensionId.basicConstraints);
    return Object.freeze({
      encoded: shape.encoded,
      key: readEcdsaKey(shape.publicKey),
      subject: describeName(shape.subject),
      ...describeValidity(shape.validity),
      isAuthority: constraints !== undefined && parseBasicConstraints(constraints.value, 'any').isAuthority,
      issuance: {
        issuerName: shape.issuer,
        subjectName: shape.subject,
        ...(hash === undefined ? {} : { hash }),
        signedBytes: shape.signedBytes,
        signature: shape.signature.bytes,
      },
    });
  });
}

/** Services of version 1 stored the certificates of members as strings of C. */
function pemBlocks(text: string): readonly Uint8Array[] {
  return fromPem('CERTIFICATE', withoutTrailingNuls(text), 2 * maximumBytes);
}

/**
 * Whether `issuer` is an authority that issued `certificate`. Dates are not judged: a receipt holds for longer than the
 * certificates beneath it, which CCF makes for days.
 */
export async function isIssuedBy(
  { issuance }: LedgerCertificate,
  issuer: LedgerCertificate,
  subtle: VerificationCrypto,
): Promise<boolean> {
  return (
    issuer.isAuthority &&
    issuance.hash !== undefined &&
    equalBytes(issuance.issuerName, issuer.issuance.subjectName) &&
    verifyEcdsa(issuer.key, { ...issuance, hash: issuance.hash, message: issuance.signedBytes }, subtle)
  );
}
