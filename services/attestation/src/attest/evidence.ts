import { fromPem, toPem } from '@enclos/codec/pem';
import { parseJson, isJsonObject } from '@enclos/codec/json';
import { decodeUtf8 } from '@enclos/codec/text';
import { ByteReader, fromBase64url } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { AttestRequest } from './attest-request.ts';
import { ofCaller } from './refuse.ts';

/** Evidence of a request, out of whatever it is wrapped in. Nothing of it is verified. */
export type Evidence =
  | {
      readonly kind: 'quote';
      readonly tee: 'sgx' | 'tdx';
      /** A view of the request's evidence. */ readonly quote: Uint8Array;
    }
  | {
      readonly kind: 'report';
      /** 1184 bytes. */
      readonly report: Uint8Array;
      /** PEM: the certificate of the key that signed the report. Absent when the caller brought none. */
      readonly signingKeyCertificate?: string;
      /** PEM: who issued it. */
      readonly certificateChain?: string;
    };

const openEnclave = Object.freeze({ version: 1, remoteReport: 2 });
const mostEvidenceBytes = 262_144;
const snpReportBytes = 1184;
const mostChainBytes = 32_768;
/** Three members, and what is in `Endorsements` if that is not a string. Tens of thousands would take longer than all else. */
const mostSnpValues = 64;
const headerBytes = 48;
const snpMembers: ReadonlySet<string> = new Set(['SnpReport', 'VcekCertChain', 'Endorsements']);

/**
 * Reads the evidence of a request, strictly: bounded, whole, and with nothing after it.
 * @throws ATTESTATION_EVIDENCE_REFUSED
 */
export function readEvidence({ type, evidence }: Pick<AttestRequest, 'type' | 'evidence'>): Evidence {
  return ofCaller(() => {
    if (evidence.length > mostEvidenceBytes) {
      throw new EnclosError('CODEC_OUT_OF_RANGE', `It is over ${mostEvidenceBytes} bytes.`);
    }
    if (type === 'SevSnpVm') return readSnpDocument(evidence);
    const quote = type === 'OpenEnclave' ? quoteOfReport(evidence) : evidence;
    const tee = type === 'TdxVm' ? 'tdx' : 'sgx';
    if (teeOf(quote) !== tee) throw invalid(`It is not a quote of ${tee.toUpperCase()}.`);
    return { kind: 'quote', tee, quote };
  }, 'evidence-format');
}

/** oe_report_header_t of Open Enclave: version, type, size, and the quote. Other headers of its are none of this API. */
function quoteOfReport(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== openEnclave.version) throw invalid('It is an Open Enclave report of another version than 1.');
  if (reader.u32() !== openEnclave.remoteReport) {
    throw invalid('It is not an Open Enclave report for remote attestation.');
  }
  const size = reader.u64();
  if (size !== BigInt(reader.remaining)) throw invalid('Its header names another size than the quote has.');
  const quote = reader.view(reader.remaining);
  reader.end();
  return quote;
}

/** Version 3 has SGX only; later versions have a TEE type (Intel DCAP, appendix A.3). */
function teeOf(quote: Uint8Array): 'sgx' | 'tdx' | undefined {
  if (quote.length < headerBytes) throw new EnclosError('CODEC_TRUNCATED', 'It is too short for a quote.');
  const reader = new ByteReader(quote);
  const version = reader.u16();
  reader.skip(2);
  const type = reader.u32();
  if (version === 3 || type === 0) return 'sgx';
  return type === 0x81 ? 'tdx' : undefined;
}

/**
 * `{"SnpReport", "VcekCertChain"}` with base64url in both. `Endorsements` (UVM) is carried by some clients and not
 * looked at: nothing of it gets into claims.
 */
function readSnpDocument(bytes: Uint8Array): Evidence {
  const value = parseJson(decodeUtf8(bytes), mostEvidenceBytes, { maxValues: mostSnpValues });
  if (!isJsonObject(value)) throw invalid('It is not a JSON object with SnpReport.');
  const unknown = Object.keys(value).find((name) => !snpMembers.has(name));
  if (unknown !== undefined) throw invalid('It has a member beside SnpReport, VcekCertChain and Endorsements.');
  const { SnpReport: encodedReport, VcekCertChain: encodedChain } = value;
  if (typeof encodedReport !== 'string') throw invalid('Its SnpReport is missing, or no string.');
  const report = fromBase64url(encodedReport, { maxBytes: snpReportBytes });
  if (report.length !== snpReportBytes) throw invalid(`Its SnpReport is not ${snpReportBytes} bytes.`);
  if (encodedChain === undefined) return { kind: 'report', report };
  if (typeof encodedChain !== 'string') throw invalid('Its VcekCertChain is not a string.');
  const pem = decodeUtf8(fromBase64url(encodedChain, { maxBytes: mostChainBytes }));
  return { kind: 'report', report, ...splitChain(pem) };
}

/** The certificate of the signing key comes first, and its issuers follow. */
export function splitChain(pem: string): {
  readonly signingKeyCertificate: string;
  readonly certificateChain: string;
} {
  const [signingKeyCertificate = '', ...issuers] = fromPem('CERTIFICATE', pem, mostChainBytes).map((der) =>
    toPem('CERTIFICATE', der),
  );
  return { signingKeyCertificate, certificateChain: issuers.join('') };
}

function invalid(message: string): EnclosError {
  return new EnclosError('CODEC_INVALID', message);
}
