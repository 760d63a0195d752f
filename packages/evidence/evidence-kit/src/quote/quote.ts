import { createHash } from 'node:crypto';
import { concatBytes, fromHex } from '@enclos/codec';
import { signRaw, type KeyPair } from '../pki/keys.ts';
import { littleEndian, repeated } from './bytes.ts';
import { encodeSgxReport, type SgxReportBody } from './sgx-report.ts';

/** The 48 bytes before the body (DCAP Quote Library Reference, appendix A). */
export interface QuoteHeader {
  readonly version: number;
  /** 2: ECDSA P-256. 3: ECDSA P-384. */
  readonly attestationKeyType: number;
  /** 0 SGX, 0x81 TDX; version 3 has reserved zeros there. */
  readonly teeType: number;
  readonly qeSvn: number;
  readonly pceSvn: number;
  /** 16 bytes. */
  readonly qeVendorId: Uint8Array;
  /** 20 bytes; the first 16 are the id of the quoting enclave. */
  readonly userData: Uint8Array;
}

/** What version 5 has between header and body. */
export interface BodyDescriptor {
  /** 1 SGX, 2 TD 1.0, 3 TD 1.5, 4 TD 1.5 extended. */
  readonly type: number;
  readonly sizeBytes: number;
}

export interface CertificationData {
  /** 1 to 3: an identifier of the PCK; 4: its certificate; 5: its chain. */
  readonly type: number;
  readonly data: Uint8Array;
}

/** What is signed, and what signs it. */
export interface QuoteContent {
  readonly header: QuoteHeader;
  /** Version 5 only. */
  readonly descriptor?: BodyDescriptor | undefined;
  readonly body: Uint8Array;
  readonly attestationKey: KeyPair;
  readonly pckKey: KeyPair;
  /** Its report data is replaced by the hash that binds the attestation key. */
  readonly qeReport: SgxReportBody;
  readonly qeAuthData: Uint8Array;
  readonly certification: CertificationData;
}

/** All pieces of a quote as they will be written; sizes are those of the pieces unless given. */
export interface QuoteParts {
  readonly header: QuoteHeader;
  readonly descriptor?: BodyDescriptor | undefined;
  readonly body: Uint8Array;
  /** 64 bytes, r then s. */
  readonly signature: Uint8Array;
  /** 64 bytes, x then y. */
  readonly attestationKey: Uint8Array;
  /** 384 bytes. */
  readonly qeReport: Uint8Array;
  /** 64 bytes, r then s. */
  readonly qeReportSignature: Uint8Array;
  readonly qeAuthData: Uint8Array;
  readonly certification: CertificationData;
  /** Size of the authentication data as the quote says it. */
  readonly authDataSize?: number;
  readonly qeAuthDataSize?: number;
  readonly certificationSize?: number;
  /** The type of the certification data around the QE report, versions 4 and 5. Default: 6. */
  readonly outerType?: number;
  readonly outerSize?: number;
  /** Within the authentication data, after everything else. */
  readonly innerTrailing?: Uint8Array;
  /** After the quote. */
  readonly trailing?: Uint8Array;
}

/** Intel's id as the vendor of a quoting enclave. */
export const intelQeVendorId: Uint8Array = fromHex('939a7233f79c4ca9940a0db3957f0607');

export function encodeQuoteHeader(header: QuoteHeader): Uint8Array {
  return concatBytes(
    littleEndian(header.version, 2),
    littleEndian(header.attestationKeyType, 2),
    littleEndian(header.teeType, 4),
    littleEndian(header.qeSvn, 2),
    littleEndian(header.pceSvn, 2),
    header.qeVendorId,
    header.userData,
  );
}

/** Header, descriptor (version 5) and body: what the attestation key signs. */
export function quoteSignedBytes({
  header,
  descriptor,
  body,
}: Pick<QuoteParts, 'header' | 'descriptor' | 'body'>): Uint8Array {
  const described =
    descriptor === undefined
      ? new Uint8Array()
      : concatBytes(littleEndian(descriptor.type, 2), littleEndian(descriptor.sizeBytes, 4));
  return concatBytes(encodeQuoteHeader(header), described, body);
}

/** Signs as a quoting enclave does: the PCK signs its report, which names the key that signs the body. */
export function signQuote(content: QuoteContent): QuoteParts {
  const { attestationKey, qeAuthData } = content;
  const digest = createHash('sha256').update(attestationKey.point).update(qeAuthData).digest();
  const reportData = concatBytes(new Uint8Array(digest), repeated(0, 32));
  const qeReport = encodeSgxReport({ ...content.qeReport, reportData });
  return {
    header: content.header,
    descriptor: content.descriptor,
    body: content.body,
    signature: signRaw(attestationKey, quoteSignedBytes(content)),
    attestationKey: attestationKey.point,
    qeReport,
    qeReportSignature: signRaw(content.pckKey, qeReport),
    qeAuthData,
    certification: content.certification,
  };
}

/** Writes the pieces, whatever they are, in the layout of the version in the header: 3, else 4 and later. */
export function encodeQuote(parts: QuoteParts): Uint8Array {
  const qe = concatBytes(
    parts.qeReport,
    parts.qeReportSignature,
    littleEndian(parts.qeAuthDataSize ?? parts.qeAuthData.length, 2),
    parts.qeAuthData,
    littleEndian(parts.certification.type, 2),
    littleEndian(parts.certificationSize ?? parts.certification.data.length, 4),
    parts.certification.data,
    parts.innerTrailing ?? new Uint8Array(),
  );
  const wrapper =
    parts.header.version === 3
      ? new Uint8Array()
      : concatBytes(littleEndian(parts.outerType ?? 6, 2), littleEndian(parts.outerSize ?? qe.length, 4));
  const authData = concatBytes(parts.signature, parts.attestationKey, wrapper, qe);
  return concatBytes(
    quoteSignedBytes(parts),
    littleEndian(parts.authDataSize ?? authData.length, 4),
    authData,
    parts.trailing ?? new Uint8Array(),
  );
}

/** Certification data of types 1 to 3: the PPID (plain or encrypted) and what names the PCK beside it. */
export function pckIdentifier(
  type: 1 | 2 | 3,
  parts: {
    readonly ppid: Uint8Array;
    readonly cpuSvn: Uint8Array;
    readonly pceSvn: number;
    readonly pceId: Uint8Array;
  },
): CertificationData {
  // Encrypted PPIDs are as long as the RSA modulus; only Intel could read one, so random-looking bytes will do.
  const size = { 1: 16, 2: 256, 3: 384 }[type];
  const ppid = Uint8Array.from({ length: size }, (_, index) => parts.ppid[index % parts.ppid.length] ?? 0);
  return { type, data: concatBytes(ppid, parts.cpuSvn, littleEndian(parts.pceSvn, 2), parts.pceId) };
}
