import { equalBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  ExtensionId,
  KeyUsage,
  parseAuthorityKeyIdentifier,
  parseBasicConstraints,
  parseKeyUsage,
  parseSubjectKeyIdentifier,
} from './certificate-extensions.ts';
import type { Certificate } from './certificate.ts';
import type { RevocationList } from './revocation-list.ts';

/** QVL: REQUIRED_X509_EXTENSIONS, in every certificate of a chain. */
const requiredExtensions = [
  ExtensionId.authorityKeyIdentifier,
  ExtensionId.crlDistributionPoints,
  ExtensionId.subjectKeyIdentifier,
  ExtensionId.keyUsage,
  ExtensionId.basicConstraints,
];

/**
 * True when the certificate may issue certificates and revocation lists, with
 * `depth` authorities below it (RFC 5280 sections 4.2.1.3, 4.2.1.9, 6.1.4).
 */
export function checkAuthority(certificate: Certificate, depth: number): boolean {
  return checkExtensions(certificate, (isAuthority, pathLength, usage) => {
    const mustHave = KeyUsage.keyCertSign | KeyUsage.crlSign;
    return isAuthority && (pathLength ?? depth) >= depth && (usage & mustHave) === mustHave;
  });
}

/** True when the certificate signs data and is no authority: a leaf that could issue would be a second root. */
export function checkEndEntity(certificate: Certificate): boolean {
  return checkExtensions(
    certificate,
    (isAuthority, _, usage) =>
      !isAuthority && (usage & KeyUsage.digitalSignature) !== 0 && (usage & KeyUsage.keyCertSign) === 0,
  );
}

/** True when `issuer` names itself as the issuer of `issued`: raw bytes, as QVL compares them. */
export function namesMatch(issued: Pick<Certificate, 'issuer'>, issuer: Certificate): boolean {
  return equalBytes(issued.issuer.encoded, issuer.subject.encoded);
}

/** True when the list has a number and the key identifier of its issuer (RFC 5280 sections 5.2.1 and 5.2.3). */
export function checkCrlExtensions(crl: RevocationList, issuer: Certificate): boolean {
  const identifier = crl.extensions.get(ExtensionId.authorityKeyIdentifier);
  const subject = issuer.extensions.get(ExtensionId.subjectKeyIdentifier);
  if (identifier === undefined || subject === undefined || !crl.extensions.has(ExtensionId.crlNumber)) return false;
  return holds(() => equalBytes(parseAuthorityKeyIdentifier(identifier), parseSubjectKeyIdentifier(subject)));
}

function checkExtensions(
  { extensions }: Certificate,
  rule: (isAuthority: boolean, pathLength: number | undefined, usage: number) => boolean,
): boolean {
  const basicConstraints = extensions.get(ExtensionId.basicConstraints);
  const keyUsage = extensions.get(ExtensionId.keyUsage);
  if (basicConstraints === undefined || keyUsage === undefined) return false;
  if (!requiredExtensions.every((id) => extensions.has(id))) return false;
  return holds(() => {
    const { isAuthority, pathLength } = parseBasicConstraints(basicConstraints);
    return rule(isAuthority, pathLength, parseKeyUsage(keyUsage));
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
