import {
  ExtensionId,
  KeyUsage,
  parseAuthorityKeyIdentifier,
  parseBasicConstraints,
  parseKeyUsage,
  parseSubjectKeyIdentifier,
  type RevocationList,
  type X509Certificate,
} from '@enclos/codec/x509';
import type { P256Certificate } from './p256-certificate.ts';
import { equalBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';

/** What the rules look at: certificates of any key. */
type NamedCertificate = Pick<X509Certificate<unknown>, 'issuer'>;
type Issuer = Pick<X509Certificate<unknown>, 'subject' | 'extensions'>;
type ExtendedCertificate = Pick<X509Certificate<unknown>, 'extensions'>;
type UsageRule = (isAuthority: boolean, pathLength: number | undefined, usage: number) => boolean;

/** What a PKI asks of the extensions of its certificates. */
export interface ExtensionProfile {
  /** Besides key usage and basic constraints. */
  readonly required: readonly string[];
  readonly keyUsage: 'canonical' | 'padded';
}

/** QVL: REQUIRED_X509_EXTENSIONS, in every certificate of a chain. */
const intelProfile: ExtensionProfile = {
  required: [ExtensionId.authorityKeyIdentifier, ExtensionId.crlDistributionPoints, ExtensionId.subjectKeyIdentifier],
  keyUsage: 'canonical',
};

/**
 * True when the certificate may issue certificates and revocation lists, with
 * `depth` authorities below it (RFC 5280 sections 4.2.1.3, 4.2.1.9, 6.1.4).
 */
export function checkAuthority(certificate: P256Certificate, depth: number): boolean {
  return checkUsage(certificate, intelProfile, (isAuthority, pathLength, usage) => {
    const mustHave = KeyUsage.keyCertSign | KeyUsage.crlSign;
    return isAuthority && (pathLength ?? depth) >= depth && (usage & mustHave) === mustHave;
  });
}

/** True when the certificate signs data and is not an authority: a leaf that could issue would be a second root. */
export function checkEndEntity(certificate: P256Certificate): boolean {
  return checkUsage(
    certificate,
    intelProfile,
    (isAuthority, _, usage) =>
      !isAuthority && (usage & KeyUsage.digitalSignature) !== 0 && (usage & KeyUsage.keyCertSign) === 0,
  );
}

/** True when `issuer` names itself as the issuer of `issued`: raw bytes, as QVL compares them. */
export function namesMatch(issued: NamedCertificate, issuer: Pick<Issuer, 'subject'>): boolean {
  return equalBytes(issued.issuer.encoded, issuer.subject.encoded);
}

/** True when the list has a number and the key identifier of its issuer (RFC 5280 sections 5.2.1 and 5.2.3). */
export function checkCrlExtensions(crl: RevocationList, issuer: ExtendedCertificate): boolean {
  return crl.extensions.has(ExtensionId.crlNumber) && keyIdentifiersMatch(crl, issuer);
}

/** True when both are there and the authority's identifier is the subject's of `issuer` (RFC 5280 section 4.2.1.1). */
export function keyIdentifiersMatch(issued: ExtendedCertificate, issuer: ExtendedCertificate): boolean {
  const identifier = issued.extensions.get(ExtensionId.authorityKeyIdentifier);
  const subject = issuer.extensions.get(ExtensionId.subjectKeyIdentifier);
  if (identifier === undefined || subject === undefined) return false;
  return holds(() => equalBytes(parseAuthorityKeyIdentifier(identifier), parseSubjectKeyIdentifier(subject)));
}

/** True when the extensions of the profile are there, and basic constraints and key usage fit the rule. */
export function checkUsage({ extensions }: ExtendedCertificate, profile: ExtensionProfile, rule: UsageRule): boolean {
  const basicConstraints = extensions.get(ExtensionId.basicConstraints);
  const keyUsage = extensions.get(ExtensionId.keyUsage);
  if (basicConstraints === undefined || keyUsage === undefined) return false;
  if (!profile.required.every((id) => extensions.has(id))) return false;
  return holds(() => {
    const { isAuthority, pathLength } = parseBasicConstraints(basicConstraints);
    return rule(isAuthority, pathLength, parseKeyUsage(keyUsage, profile.keyUsage));
  });
}

/**
 * True when nothing says that the certificate is an authority, or not for
 * signing data. Absent extensions say nothing: AMD's leaves have neither.
 */
export function checkLeafUsage({ extensions }: ExtendedCertificate): boolean {
  const basicConstraints = extensions.get(ExtensionId.basicConstraints);
  const keyUsage = extensions.get(ExtensionId.keyUsage);
  return holds(() => {
    if (basicConstraints !== undefined && parseBasicConstraints(basicConstraints).isAuthority) return false;
    if (keyUsage === undefined) return true;
    const usage = parseKeyUsage(keyUsage, 'padded');
    return (usage & KeyUsage.digitalSignature) !== 0 && (usage & KeyUsage.keyCertSign) === 0;
  });
}

/** A malformed extension breaks the rule that reads it. */
function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (isEnclosError(error)) return false;
    throw error;
  }
}
