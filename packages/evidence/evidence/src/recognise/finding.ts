import { fileKindOf } from '@enclos/diagnostics';

/** What bytes turned out to be, with what is inside: a quote in an OE report in base64, for example. */
export type Finding =
  | QuoteFinding
  | SnpReportFinding
  | AzureEvidenceFinding
  | CertificateFinding
  | TokenFinding
  | RevocationListFinding
  | JsonFinding
  | WrapperFinding
  | { readonly form: 'unknown'; readonly what: string; readonly inner: readonly Inner[] };

/** Something inside something else, and where: a member, an extension, an offset. */
export interface Inner {
  readonly at: string;
  readonly found: Finding;
  /** In a certificate: the identifier of the extension. */
  readonly extension?: string;
}

/** Bytes that begin as a DCAP quote does, whether they go on like one or not. */
export interface QuoteFinding {
  readonly form: 'quote';
  /** The quote alone, as far as its length can be told. */
  readonly bytes: Uint8Array;
  /** The quote with everything that follows it. */
  readonly whole: Uint8Array;
  /** How many bytes follow the quote. */
  readonly trailingBytes: number;
  readonly inner: readonly Inner[];
}

/** An attestation report of SEV-SNP, or the beginning of one. */
export interface SnpReportFinding {
  readonly form: 'snp-report';
  /** The report alone. */
  readonly bytes: Uint8Array;
  /** The report with everything that follows it. */
  readonly whole: Uint8Array;
  readonly trailingBytes: number;
  /** In an extended report: the entries of its table of certificates. */
  readonly inner: readonly Inner[];
}

/** The evidence of an Azure VM as one JSON document, or what means to be one: see `parseAzureDocument`. */
export interface AzureEvidenceFinding {
  readonly form: 'azure-evidence';
  /** The text of the document. */
  readonly bytes: Uint8Array;
  /** The same as `bytes`. */
  readonly whole: Uint8Array;
  readonly trailingBytes: 0;
  readonly inner: readonly Inner[];
}

/** What `enclos verify` can verify. */
export type EvidenceFinding = QuoteFinding | SnpReportFinding | AzureEvidenceFinding;

/** An X.509 certificate; what its extensions carry is inside. */
export interface CertificateFinding {
  readonly form: 'certificate';
  readonly der: Uint8Array;
  readonly inner: readonly Inner[];
}

/** A list of revoked certificates, X.509. */
export interface RevocationListFinding {
  readonly form: 'revocation-list';
  readonly der: Uint8Array;
  readonly inner: readonly Inner[];
}

/** A JSON web token, or one in CBOR with its claims named alike; not verified. */
export interface TokenFinding {
  readonly form: 'jwt' | 'cwt';
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly inner: readonly Inner[];
}

/** A JSON text; what its members carry is inside. */
export interface JsonFinding {
  readonly form: 'json';
  readonly value: unknown;
  /** What the value was read from: repeated names are in it, and not in the value. */
  readonly text: string;
  readonly inner: readonly Inner[];
}

/** What is put around evidence, or what spells it. */
export interface WrapperFinding {
  readonly form:
    | 'hex'
    | 'base64'
    | 'base64url'
    | 'pem'
    | 'oe-report'
    | 'oe-evidence'
    | 'tagged-evidence'
    | 'snp-response'
    | 'hcl-report'
    | 'tdreport';
  /** What it is, for people: `an Open Enclave report`. */
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly inner: readonly Inner[];
}

/** A piece of evidence, and the way to it. */
export interface Piece {
  readonly evidence: EvidenceFinding;
  /** From the outside: `base64`, `member report`, `an Open Enclave report`. Empty when the input is the evidence itself. */
  readonly path: readonly string[];
  /** The certificate that carried it. */
  readonly certificate?: CertificateFinding;
  /** The identifier of the extension that carried it. */
  readonly extension?: string;
  /** It lay in an HCL report, with which nothing of the vTPM came along. */
  readonly inHclReport?: true;
}

/** Every quote, report and document in what was found, in the order in which they stand there. */
export function piecesIn(found: Finding): readonly Piece[] {
  return collect(found, { path: [] });
}

function collect(found: Finding, way: Omit<Piece, 'evidence'>): readonly Piece[] {
  if (isEvidence(found)) return [{ evidence: found, ...way }];
  const carrier = {
    ...(found.form === 'certificate' ? { certificate: found } : {}),
    ...(found.form === 'hcl-report' ? { inHclReport: true as const } : {}),
  };
  return found.inner.flatMap(({ at, found: inner, extension }) =>
    collect(inner, {
      ...way,
      ...carrier,
      path: at === '' ? way.path : [...way.path, at],
      ...(extension === undefined ? {} : { extension }),
    }),
  );
}

function isEvidence(found: Finding): found is EvidenceFinding {
  return found.form === 'quote' || found.form === 'snp-report' || found.form === 'azure-evidence';
}

/** Every certificate in what was found. */
export function certificatesIn(found: Finding): readonly Uint8Array[] {
  const own = found.form === 'certificate' ? [found.der] : [];
  return [...own, ...found.inner.flatMap(({ found: inner }) => certificatesIn(inner))];
}

/** What is not known, with words for what it seems to be. */
export function unknown(bytes: Uint8Array): Finding {
  return { form: 'unknown', what: fileKindOf(bytes).words, inner: [] };
}
