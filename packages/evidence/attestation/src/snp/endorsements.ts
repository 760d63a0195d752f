import { parseRevocationList, type RevocationList } from '@enclos/codec/x509';
import { leafFirst } from '@enclos/codec/x509';
import { namesMatch } from '../x509/chain-rules.ts';
import { decodeCertificates } from '../x509/pem.ts';
import { misused, orRefuse } from '../refusal/refusal.ts';
import { amdSignatureForm, parseAmdCertificate, type AmdCertificate } from './certificate.ts';
import { refuseSnpEndorsements } from './refusal.ts';

/** The endorsements of a report, as AMD's Key Distribution Service (KDS), a host or Azure's THIM serves them. */
export interface SnpCollateral {
  /** The VCEK or VLEK certificate: PEM, or DER as the KDS serves it. */
  readonly signingKeyCertificate: string | Uint8Array;
  /** ASK (or ASVK for a VLEK) and ARK, in either order: PEM as the KDS serves it (`cert_chain`), or DER. */
  readonly certificateChain: string | readonly Uint8Array[];
  /** The ARK's revocation list, DER (`crl` of the KDS). Without it the verdict states that revocation was not checked. */
  readonly revocationList?: Uint8Array;
}

declare const endorsementsBrand: unique symbol;

/** Parsed collateral: well-formed, not verified. Made by `parseSnpCollateral` only. */
export interface SnpEndorsements {
  readonly [endorsementsBrand]: true;
}

/** What `parseSnpCollateral` read, for the verifier alone. */
export interface SnpEndorsementParts {
  /** Signing key, authority, root. */
  readonly chain: readonly AmdCertificate[];
  readonly crl?: RevocationList;
}

const made = new WeakMap<object, SnpEndorsementParts>();
/** An ASK and an ARK are what the KDS serves. */
const maximumCertificates = 4;

/**
 * Parses what endorses reports of one chip, or of one provider. Can be kept and
 * used for many reports.
 *
 * @throws ENDORSEMENTS_INVALID; `details.field` and `details.status` say which part and what of it.
 */
export function parseSnpCollateral(collateral: SnpCollateral): SnpEndorsements {
  // Untyped callers may pass anything.
  const given: Partial<Record<keyof SnpCollateral, unknown>> = collateral ?? {};
  const { signingKeyCertificate, certificateChain, revocationList } = given;
  const leaf = readCertificates('signingKeyCertificate', asList(signingKeyCertificate));
  const authorities = readCertificates('certificateChain', certificateChain);
  const parts = {
    chain: Object.freeze([...leaf, ...leafFirst(authorities, namesMatch)]),
    ...(revocationList === undefined ? {} : { crl: readRevocationList(revocationList) }),
  };
  // The brand exists for the compiler only; `made` is what holds at run time.
  const endorsements = Object.freeze({}) as SnpEndorsements;
  made.set(endorsements, parts);
  return endorsements;
}

/** @throws VERIFIER_MISUSED for an object that `parseSnpCollateral` did not make. */
export function snpPartsOf(endorsements: SnpEndorsements): SnpEndorsementParts {
  return made.get(endorsements) ?? misused('The endorsements are not a result of parseSnpCollateral.');
}

function asList(certificate: unknown): unknown {
  return certificate instanceof Uint8Array ? [certificate] : certificate;
}

function readCertificates(field: keyof SnpCollateral, given: unknown): readonly AmdCertificate[] {
  if (typeof given !== 'string' && !isByteStrings(given)) {
    refuseSnpEndorsements(field, 'SNP_MISSING_PARAMETERS', `${field} is missing, or neither PEM nor DER.`);
  }
  return orRefuse(
    () => (typeof given === 'string' ? decodeCertificates(given) : given).map(parseAmdCertificate),
    (cause) => refuseSnpEndorsements(field, 'SNP_CERT_UNSUPPORTED_FORMAT', `${field}: ${cause.message}`, cause),
  );
}

function readRevocationList(given: unknown): RevocationList {
  const field = 'revocationList';
  if (!(given instanceof Uint8Array)) {
    refuseSnpEndorsements(field, 'SNP_CRL_UNSUPPORTED_FORMAT', 'revocationList is not DER.');
  }
  return orRefuse(
    () => parseRevocationList(given, amdSignatureForm),
    (cause) => refuseSnpEndorsements(field, 'SNP_CRL_UNSUPPORTED_FORMAT', `${field}: ${cause.message}`, cause),
  );
}

function isByteStrings(value: unknown): value is readonly Uint8Array[] {
  return (
    Array.isArray(value) && value.length <= maximumCertificates && value.every((item) => item instanceof Uint8Array)
  );
}
