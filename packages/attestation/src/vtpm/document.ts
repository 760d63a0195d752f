import { fromBase64url, fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { JsonFields } from '../json-fields.ts';
import { isJsonObject, parseJsonBytes, type JsonObject, type JsonValue } from '../json.ts';
import { orRefuse } from '../refusal.ts';
import { refuseAzure } from './refusal.ts';
import { digestSizeBytes, pcrCount, type TpmQuote } from './tpm-quote.ts';
import { readHclReport, type AzureEvidence } from './verify.ts';

/**
 * The evidence of an Azure VM as one document. Parsed, not verified; the bytes
 * are copies. `docs/azure-evidence.md` describes the form.
 */
export type AzureDocument = AzureEvidence &
  (
    | {
        readonly hardware: 'sev-snp';
        /** The report in the HCL report, for who looks for what endorses it. 1184 bytes. */
        readonly report: Uint8Array;
        /** The VCEK that came along, DER. It proves itself, or nothing. */
        readonly signingKeyCertificate: Uint8Array | undefined;
      }
    | {
        readonly hardware: 'tdx';
        /** For the TDREPORT in the HCL report; zeros may follow it. */
        readonly tdQuote: Uint8Array;
      }
  );

const documentVersion = 1;
/** An NV index has 2600 bytes, a signature 256, a TD quote of Azure 5006. All of it fits into `maximumLength`. */
const maximumBytes = Object.freeze({
  hclReport: 16_384,
  certificate: 8192,
  tdQuote: 65_536,
  message: 1024,
  signature: 512,
});
const maximumLength = 131_072;
const memberNames = ['version', 'tpm_quote', 'hcl_report', 'vcek', 'td_quote'] as const;
const quoteMemberNames = ['signature', 'message', 'pcrs'] as const;

/**
 * Reads version 1 of the JSON that attesters of Azure's confidential VMs write.
 * What is not known is refused: nobody would verify it.
 *
 * @param document UTF-8.
 * @throws EVIDENCE_REFUSED; `details.step` is `vtpm-document` or `vtpm-hcl-report`.
 */
export function parseAzureDocument(document: Uint8Array): AzureDocument {
  const { hclReport, tpmQuote, vcek, tdQuote } = orRefuse(() => readMembers(document), refuse);
  const { hardware, hardwareReport } = readHclReport(hclReport);
  if (hardware === 'tdx') {
    if (tdQuote === undefined) return refuse(invalid('is of TDX and has no TD quote (td_quote)'));
    if (vcek !== undefined) return refuse(invalid('is of TDX and has a certificate of AMD (vcek)'));
    return Object.freeze({ hclReport, tpmQuote, hardware, tdQuote });
  }
  if (tdQuote !== undefined) return refuse(invalid('is of SEV-SNP and has a TD quote (td_quote)'));
  return Object.freeze({ hclReport, tpmQuote, hardware, report: hardwareReport, signingKeyCertificate: vcek });
}

/** Whether a JSON value is such evidence, or was meant to be: it has both of its parts, in whatever form. */
export function isAzureDocument(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'tpm_quote' in value && 'hcl_report' in value;
}

interface Members {
  readonly hclReport: Uint8Array;
  readonly tpmQuote: TpmQuote;
  readonly vcek: Uint8Array | undefined;
  readonly tdQuote: Uint8Array | undefined;
}

function readMembers(document: Uint8Array): Members {
  const value = parseJsonBytes(document, maximumLength);
  if (!isJsonObject(value)) throw invalid('is not a JSON object');
  if (value['version'] !== documentVersion) {
    throw invalid(`is not of version ${documentVersion}, the one that is read here`);
  }
  requireKnown(value, memberNames);
  const fields = new JsonFields(value, 'evidence');
  return {
    tpmQuote: readQuote(value['tpm_quote']),
    hclReport: base64url(fields, 'hcl_report', maximumBytes.hclReport),
    vcek: fields.has('vcek') ? base64url(fields, 'vcek', maximumBytes.certificate) : undefined,
    tdQuote: fields.has('td_quote') ? base64url(fields, 'td_quote', maximumBytes.tdQuote) : undefined,
  };
}

function readQuote(value: JsonValue | undefined): TpmQuote {
  const fields = new JsonFields(value, 'evidence.tpm_quote');
  if (isJsonObject(value)) requireKnown(value, quoteMemberNames);
  const pcrs = fields.optionalStrings('pcrs', pcrCount, 2 * digestSizeBytes).map(fromHex);
  if (pcrs.length === 0 || pcrs.some(({ length }) => length !== digestSizeBytes)) {
    throw invalid(`does not have 1 to ${pcrCount} PCRs of ${digestSizeBytes} bytes`);
  }
  return Object.freeze({
    message: hex(fields, 'message', maximumBytes.message),
    signature: hex(fields, 'signature', maximumBytes.signature),
    pcrs: Object.freeze(pcrs),
  });
}

function requireKnown(value: JsonObject, known: readonly string[]): void {
  const stranger = Object.keys(value).find((name) => !known.includes(name));
  if (stranger !== undefined) throw invalid('has a member that is not known');
}

function hex(fields: JsonFields, name: string, maximum: number): Uint8Array {
  return fromHex(fields.string(name, 2 * maximum));
}

/** With the padding that the attesters write, or without any. */
function base64url(fields: JsonFields, name: string, maximum: number): Uint8Array {
  const text = fields.string(name, 4 * Math.ceil(maximum / 3));
  const bare = text.length % 4 === 0 ? text.replace(/={1,2}$/, '') : text;
  return fromBase64url(bare, { maxBytes: maximum });
}

function invalid(what: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `The evidence ${what}.`);
}

function refuse(cause: EnclosError): never {
  return refuseAzure('vtpm-document', 'VTPM_DOCUMENT_UNSUPPORTED_FORMAT', cause.message, cause);
}
