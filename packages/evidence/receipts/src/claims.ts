/** What a service says of one answer. Digests are SHA-256, as 64 lower-case hex digits. */
export interface ReceiptClaims {
  /** The service, such as its origin. */
  readonly issuer: string;
  /** Seconds since 1970, by the clock of the enclave, which its host can set. */
  readonly issuedAt: number;
  readonly requestId: string;
  /** Grows by one with each receipt of an enclave since its keys were made, so that a gap shows. */
  readonly sequence: number;
  readonly model: string;
  readonly modelVersion: string;
  /** The digest of the plain bytes of the model. */
  readonly modelDigest: string;
  /** The digest of exactly the bytes that the enclave read as the body of the request, after decryption. */
  readonly requestDigest: string;
  /** The digest of exactly the bytes that the enclave wrote as the body of the response, before encryption. */
  readonly responseDigest: string;
  /** What kind of evidence vouches for the enclave. */
  readonly tee: ReceiptTee;
  /** MRENCLAVE, MRTD, or the launch measurement: 32 or 48 bytes of hex. */
  readonly measurement: string;
  /** The digest of the evidence that vouches for the key set. */
  readonly evidenceDigest: string;
  /** The digest of the public keys of the enclave, the key of its receipts among them: what the evidence is about. */
  readonly keySetDigest: string;
  /** The digest of the policy or configuration that the service runs under, if it has one. */
  readonly policyDigest?: string;
}

export type ReceiptTee = (typeof tees)[number];

export const tees = ['azure-vtpm', 'sev-snp', 'sgx', 'tdx'] as const;

/** How a claim is written: text, hex for bytes of one of some lengths, or an integer. */
export type ClaimKind = 'bytes' | 'integer' | 'text';

export interface ClaimForm {
  /** Its name in JSON. */
  readonly name: string;
  /** Its label in CBOR. */
  readonly label: number;
  readonly kind: ClaimKind;
  readonly sizes?: readonly number[];
  readonly isOptional?: true;
}

const digest = { kind: 'bytes', sizes: [32] } as const;

/**
 * Names in JSON and labels in CBOR, in the order of JSON. Labels above -65536 and their names are registered (RFC 8392,
 * RFC 9711). Those from -65537 to -65545 are the labels that draft-tsyrulnikov-rats-attested-inference-receipt-02 takes from
 * the range for private use, for claims of the same meaning; those below -66000 are ours, and so is every name. (For that draft
 * IPR disclosure 7182 was filed with the IETF.)
 */
export const claimForms = Object.freeze({
  issuer: { name: 'iss', label: 1, kind: 'text' },
  issuedAt: { name: 'iat', label: 6, kind: 'integer' },
  requestId: { name: 'jti', label: 7, kind: 'text' },
  sequence: { name: 'sequence', label: -65_545, kind: 'integer' },
  model: { name: 'model', label: -65_537, kind: 'text' },
  modelVersion: { name: 'modelVersion', label: -65_538, kind: 'text' },
  modelDigest: { name: 'modelDigest', label: -65_539, ...digest },
  requestDigest: { name: 'requestDigest', label: -65_540, ...digest },
  responseDigest: { name: 'responseDigest', label: -65_541, ...digest },
  tee: { name: 'tee', label: -66_001, kind: 'text' },
  measurement: { name: 'measurement', label: -66_002, kind: 'bytes', sizes: [32, 48] },
  evidenceDigest: { name: 'evidenceDigest', label: -65_542, ...digest },
  keySetDigest: { name: 'keySetDigest', label: -66_003, ...digest },
  policyDigest: { name: 'policyDigest', label: -66_004, ...digest, isOptional: true },
} as const satisfies Record<keyof ReceiptClaims, ClaimForm>);

/** The claim of the profile (RFC 9711 section 4.3.2): what these claims mean, and which version of it. */
export const profile = Object.freeze({ name: 'eat_profile', label: 265, value: 'tag:enclos.dev,2026:receipt:1' });

/** Bytes of UTF-8 of one text. */
export const maximumTextBytes = 1024;
/** The most bytes of a whole receipt. */
export const maximumReceiptBytes = 16_384;
/** Seconds since 1970, with room for the year 9999. */
export const maximumInteger = 2 ** 48;

/** The claims and their forms, in the order of JSON. */
export function formsInOrder(): readonly (readonly [keyof ReceiptClaims, ClaimForm])[] {
  // The names of the table are the names of the claims.
  return Object.entries(claimForms) as [keyof ReceiptClaims, ClaimForm][];
}
