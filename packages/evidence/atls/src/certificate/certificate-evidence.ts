import {
  decodeOpenEnclaveEvidence,
  extensionIds,
  isVersionNumber,
  quoteOfReportExtension,
  valuesOfForm,
  type ExtensionForm,
} from '@enclos/attestation/carriers';
import { concatBytes, equalBytes, utf8 } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import { readCertificateShape, requireVersion3, type CertificateShape } from '@enclos/codec/x509';
import { decodeCmwExtension, encodeCmwExtension } from './cmw.ts';
import { orElse, refuseCertificate } from './certificate-errors.ts';
import {
  decodeClaims,
  decodeTaggedEvidence,
  encodeTaggedEvidence,
  type DigestAlgorithm,
  type OwnClaims,
  type TaggedEvidence,
} from './tagged-evidence.ts';

/** Where in a certificate evidence was found. Those of EGo and of Azure Attestation are `oe-report`. */
export type EvidenceForm = ExtensionForm;

/** The evidence in a certificate. It is not verified: the caller must appraise the quote for the report data. */
export interface CertificateEvidence {
  readonly form: EvidenceForm;
  readonly quote: Uint8Array;
  /**
   * What the quote's report data must be for the evidence to be about the key of
   * the certificate: one of these, 64 bytes each. Two when the form does not say
   * which encoding of the key was hashed.
   */
  readonly boundReportData: readonly Uint8Array[];
  /** SubjectPublicKeyInfo of the certificate, DER. */
  readonly publicKey: Uint8Array;
  /** For which role of this protocol the key was attested, if for any. */
  readonly own: OwnClaims | undefined;
}

export const extensionId = Object.freeze({ tagged: extensionIds.tagged[0], cmw: extensionIds.cmw[0] });

type CheckedEvidence = Pick<CertificateEvidence, 'form' | 'quote' | 'boundReportData' | 'own'>;

/** A digest that reading asks for, so that it is written once, for Node and for browsers. */
export interface DigestRequest {
  readonly algorithm: DigestAlgorithm;
  readonly data: Uint8Array;
}

/** Asks for digests, and ends in a `T`. */
export type DigestSteps<T> = Generator<DigestRequest, T, Uint8Array>;

/**
 * Reads the evidence in a certificate, of any form that RA-TLS libraries write.
 * Among several forms the first one of `EvidenceForm` counts: Gramine writes two,
 * each with its own quote. Two quotes in one form are refused; `tagged` and
 * `cmw` are one, written in two ways.
 *
 * @param certificate DER.
 * @throws ATLS_CERTIFICATE_INVALID; `details.rule` says why.
 */
export function* certificateEvidenceSteps(certificate: Uint8Array): DigestSteps<CertificateEvidence> {
  const shape = orElse(
    () => readAttestedCertificate(certificate),
    (cause) => refuseCertificate('well-formed', cause),
  );
  const unpacked = orElse(
    () => [...evidenceIn(shape)],
    (cause) => refuseCertificate('well-formed-evidence', cause),
  );
  const found: CheckedEvidence[] = [];
  for (const each of unpacked) found.push(yield* bindingOf(each, shape));
  const [first] = found;
  if (first === undefined) return refuseCertificate('evidence');
  const alike = found.filter(({ form }) => writingOf(form) === writingOf(first.form));
  if (alike.some(({ quote }) => !equalBytes(quote, first.quote))) refuseCertificate('one-quote');
  return Object.freeze({ ...first, publicKey: shape.publicKey });
}

/**
 * Key and extensions of a certificate whose key vouches for itself by evidence: names, dates and signature mean nothing.
 * @throws a CODEC error.
 */
export function readAttestedCertificate(certificate: Uint8Array): CertificateShape {
  const shape = readCertificateShape(certificate);
  requireVersion3(shape);
  return shape;
}

/** The extensions that our certificates hold: the form that others read, and the one that RFC 9999 has. */
export function evidenceExtensions(
  evidence: TaggedEvidence,
): readonly { readonly id: string; readonly value: Uint8Array }[] {
  const tagged = encodeTaggedEvidence(evidence);
  return [
    { id: extensionId.tagged, value: tagged },
    { id: extensionId.cmw, value: encodeCmwExtension(tagged) },
  ];
}

function writingOf(form: EvidenceForm): EvidenceForm {
  return form === 'cmw' ? 'tagged' : form;
}

/** Evidence as an extension holds it. */
interface UnpackedEvidence extends Pick<CheckedEvidence, 'form' | 'quote' | 'own'> {
  /** The SHA-256 of one of these, with zeros behind, must be the report data. */
  readonly bound: readonly Uint8Array[];
  /** The claimed digest of the key, where one is claimed. */
  readonly keyDigest?: { readonly algorithm: DigestAlgorithm; readonly digest: Uint8Array };
}

function* evidenceIn(shape: CertificateShape): Generator<UnpackedEvidence> {
  const { publicKey } = shape;
  for (const value of valuesOfForm(shape, 'tagged')) yield ofTagged('tagged', value);
  for (const value of valuesOfForm(shape, 'cmw')) {
    const wrapped = decodeCmwExtension(value);
    if (wrapped !== undefined) yield ofTagged('cmw', wrapped);
  }
  for (const value of valuesOfForm(shape, 'gramine-legacy')) {
    yield { form: 'gramine-legacy', quote: value.slice(), bound: [publicKey], own: undefined };
  }
  for (const value of valuesOfForm(shape, 'oe-report')) yield ofReport(value, publicKey);
  for (const value of valuesOfForm(shape, 'oe-evidence')) {
    if (!isVersionNumber(value)) yield ofOpenEnclave(value, publicKey);
  }
}

/** EGo hashes the key in DER and writes the header. Without the header it is Azure's, which hashes as Open Enclave does. */
function ofReport(value: Uint8Array, publicKey: Uint8Array): UnpackedEvidence {
  const { quote, hasHeader } = quoteOfReportExtension(value);
  const text = publicKeyText(publicKey);
  return { form: 'oe-report', quote: quote.slice(), bound: hasHeader ? [text, publicKey] : [text], own: undefined };
}

function ofTagged(form: 'tagged' | 'cmw', value: Uint8Array): UnpackedEvidence {
  const { quote, claims } = decodeTaggedEvidence(value);
  const { keyDigest, own } = decodeClaims(claims);
  return { form, quote, bound: [claims], keyDigest, own };
}

function ofOpenEnclave(value: Uint8Array, publicKey: Uint8Array): UnpackedEvidence {
  const { quote, customClaims } = decodeOpenEnclaveEvidence(value);
  if (!equalBytes(customClaims, publicKeyText(publicKey))) refuseCertificate('claims-for-this-key');
  return { form: 'oe-evidence', quote, bound: [customClaims], own: undefined };
}

/** What the report data must be, of evidence whose claims are about this key. */
function* bindingOf(
  { bound, keyDigest, ...found }: UnpackedEvidence,
  { publicKey }: Pick<CertificateShape, 'publicKey'>,
): DigestSteps<CheckedEvidence> {
  if (keyDigest !== undefined) {
    const { algorithm, digest } = keyDigest;
    if (!equalBytes(digest, yield { algorithm, data: publicKey })) refuseCertificate('claims-for-this-key');
  }
  const boundReportData: Uint8Array[] = [];
  for (const data of bound) {
    const reportData = new Uint8Array(64);
    reportData.set(yield { algorithm: 'sha256', data });
    boundReportData.push(reportData);
  }
  return { ...found, boundReportData: Object.freeze(boundReportData) };
}

/** The key as Open Enclave hashes it: PEM with the zero byte that ends a string of C. */
function publicKeyText(publicKey: Uint8Array): Uint8Array {
  return concatBytes(utf8(toPem('PUBLIC KEY', publicKey)), Uint8Array.of(0));
}
