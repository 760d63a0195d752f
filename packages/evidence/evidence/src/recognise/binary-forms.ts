import { equalBytes, fromHex, utf8, viewOf } from '@enclos/codec';
import { taggedEvidence } from './attested-certificate.ts';

/** What is wrapped around evidence, as bytes. */
export interface BinaryWrapper {
  readonly form: 'oe-report' | 'oe-evidence' | 'tagged-evidence' | 'snp-response' | 'hcl-report' | 'tdreport';
  readonly what: string;
  /** Where evidence is in it, from its start. */
  readonly contents: readonly { readonly at: string; readonly start: number; readonly end: number }[];
}

const quoteHeaderBytes = 48;
const quoteBodyBytes: Readonly<Record<string, number>> = { '3 0': 384, '4 0': 384, '4 129': 584 };
export const snpReportBytes = 1184;
const snpAlgorithmOffset = 0x34;
/** 1 is of firmware before its first release: it is recognised, and no verifier takes it. */
const snpVersions: ReadonlySet<number> = new Set([1, 2, 3, 4, 5]);
const oeReportHeaderBytes = 16;
/** The plugin's header: version, format, size; with four bytes before the size where the compiler aligned it. */
const oeEvidenceHeaderBytes = { packed: 28, aligned: 32 } as const;
const hclHeaderBytes = 0x20;
const tdReportBytes = 1024;

/** Formats of Open Enclave evidence (`oe_attestation_header_t.format_id`). */
export const oeFormats: Readonly<Record<string, string>> = Object.freeze({
  a3a21e871b4d4014b70aa125d2fbcd8c: 'SGX_ECDSA: an SGX quote, then custom claims',
  '09264a5d9ff8429a9b88f36f37c0f0d0': 'SGX_LOCAL: a report for an enclave on the same machine',
});

/** How long the quote says that it is; all that there is when it does not get so far. */
export function quoteLength(bytes: Uint8Array): number {
  if (bytes.length < quoteHeaderBytes) return bytes.length;
  const view = viewOf(bytes);
  const version = view.getUint16(0, true);
  const descriptor = version === 5 ? 6 : 0;
  if (bytes.length < quoteHeaderBytes + descriptor) return bytes.length;
  const known = quoteBodyBytes[`${version} ${view.getUint32(4, true)}`];
  const body = version === 5 ? view.getUint32(quoteHeaderBytes + 2, true) : known;
  if (body === undefined) return bytes.length;
  const signed = quoteHeaderBytes + descriptor + body;
  if (bytes.length < signed + 4) return bytes.length;
  return Math.min(bytes.length, signed + 4 + view.getUint32(signed, true));
}

/** A version that there is, and the only algorithm of signature that there is. */
export function beginsLikeSnpReport(bytes: Uint8Array): boolean {
  if (bytes.length < snpAlgorithmOffset + 4) return false;
  const view = viewOf(bytes);
  return snpVersions.has(view.getUint32(0, true)) && view.getUint32(snpAlgorithmOffset, true) === 1;
}

const readers: readonly ((bytes: Uint8Array) => BinaryWrapper | undefined)[] = [
  readHclReport,
  readTdReport,
  readOeReport,
  readOeEvidence,
  readSnpResponse,
  readTaggedEvidence,
];

/** A wrapper that the bytes are, or begin like. */
export function readBinaryWrapper(bytes: Uint8Array): BinaryWrapper | undefined {
  for (const read of readers) {
    const wrapper = read(bytes);
    if (wrapper !== undefined) return wrapper;
  }
  return undefined;
}

/** `oe_report_header_t`: version 1, type 1 (local) or 2 (remote), size, then the report or quote. */
function readOeReport(bytes: Uint8Array): BinaryWrapper | undefined {
  if (bytes.length < oeReportHeaderBytes) return undefined;
  const view = viewOf(bytes);
  const type = view.getUint32(4, true);
  if (view.getUint32(0, true) !== 1 || (type !== 1 && type !== 2)) return undefined;
  const size = view.getBigUint64(8, true);
  // A report of SEV-SNP of version 1 begins alike when its guest SVN is 1 or 2. Where a size would be it has the policy of
  // the guest, whose bit 17 is always one: more bytes than there are.
  if (size > BigInt(bytes.length - oeReportHeaderBytes) && beginsLikeSnpReport(bytes)) return undefined;
  const what = type === 2 ? 'an Open Enclave report' : 'a local report of Open Enclave, which proves nothing elsewhere';
  return {
    form: 'oe-report',
    what,
    contents: [sized(bytes, oeReportHeaderBytes, size, 'Open Enclave report')],
  };
}

/** `oe_attestation_header_t`: version 2 or 3, format, size, then what the plugin made. */
function readOeEvidence(bytes: Uint8Array): BinaryWrapper | undefined {
  if (bytes.length < oeEvidenceHeaderBytes.aligned) return undefined;
  const format = Object.keys(oeFormats).find((hex) => equalBytes(bytes.subarray(4, 20), fromHex(hex)));
  if (format === undefined) return undefined;
  const view = viewOf(bytes);
  const isPacked = view.getBigUint64(20, true) === BigInt(bytes.length - oeEvidenceHeaderBytes.packed);
  const start = oeEvidenceHeaderBytes[isPacked ? 'packed' : 'aligned'];
  return {
    form: 'oe-evidence',
    what: 'Open Enclave evidence',
    contents: [sized(bytes, start, view.getBigUint64(start - 8, true), 'Open Enclave evidence')],
  };
}

/** A quote with claims in CBOR, as certificates carry it (interoperable RA-TLS). */
function readTaggedEvidence(bytes: Uint8Array): BinaryWrapper | undefined {
  if (bytes[0] !== 0xd9) return undefined;
  const tagged = taggedEvidence(bytes);
  if (tagged === undefined) return undefined;
  const start = tagged.quote.byteOffset - bytes.byteOffset;
  return {
    form: 'tagged-evidence',
    what: 'tagged evidence in CBOR',
    contents: [{ at: 'tagged evidence', start, end: start + tagged.quote.length }],
  };
}

/** MSG_REPORT_RSP (AMD 56860): status, size, 24 reserved bytes, report. */
function readSnpResponse(bytes: Uint8Array): BinaryWrapper | undefined {
  if (bytes.length < 32 + snpReportBytes) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== 0 || view.getUint32(4, true) !== snpReportBytes) return undefined;
  return {
    form: 'snp-response',
    what: 'an answer of the SEV-SNP firmware',
    contents: [{ at: 'answer of the firmware', start: 32, end: 32 + snpReportBytes }],
  };
}

/** What the paravisor of Azure keeps in the vTPM: a hardware report, then JSON that it vouches for. */
function readHclReport(bytes: Uint8Array): BinaryWrapper | undefined {
  if (!equalBytes(bytes.subarray(0, 4), utf8('HCLA'))) return undefined;
  const start = hclHeaderBytes;
  return {
    form: 'hcl-report',
    what: "a report of Azure's paravisor (HCL report)",
    contents: [{ at: "report of Azure's paravisor", start, end: Math.min(bytes.length, start + snpReportBytes) }],
  };
}

/** TDREPORT_STRUCT: its MAC can be checked only on its own machine. */
function readTdReport(bytes: Uint8Array): BinaryWrapper | undefined {
  if (bytes[0] !== 0x81 || bytes.length < tdReportBytes || (bytes[1] ?? 0) !== 0) return undefined;
  return { form: 'tdreport', what: 'a TDREPORT, which only its own machine can check', contents: [] };
}

/** What follows a header, as long as the header says, or as there is. */
function sized(bytes: Uint8Array, start: number, size: bigint, at: string): BinaryWrapper['contents'][number] {
  const left = bytes.length - start;
  return { at, start, end: start + (size < BigInt(left) ? Number(size) : left) };
}
