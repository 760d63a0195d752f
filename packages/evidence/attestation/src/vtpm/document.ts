import { fromBase64url, fromHex } from '@enclos/codec';
import type { EnclosError } from '@enclos/errors';
import {
  isJsonObject,
  type JsonObject,
  JsonRecord,
  type JsonValue,
  parseJsonBytes,
  string,
  strings,
} from '@enclos/codec/json';
import { orRefuse } from '../refusal/refusal.ts';
import { invalidDocument, maximumBytes, requireKnown, requirePcrs, type Members } from './document-members.ts';
import { isOldSnpDocument, readOldMembers } from './old-document.ts';
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
        /** The report in the HCL report, to find its endorsements. 1184 bytes. */
        readonly report: Uint8Array;
        /** The VCEK that came along, DER. Its chain must prove it. */
        readonly signingKeyCertificate: Uint8Array | undefined;
      }
    | {
        readonly hardware: 'tdx';
        /** For the TDREPORT in the HCL report; zeros may follow it. */
        readonly tdQuote: Uint8Array;
      }
  );

/** Both have one form; version 2 promises that the runtime data repeat the nonce, which the TPM quote has anyway. */
const documentVersions: readonly unknown[] = [1, 2];
const maximumLength = 131_072;
const memberNames = ['version', 'tpm_quote', 'hcl_report', 'vcek', 'td_quote'] as const;
const quoteMemberNames = ['signature', 'message', 'pcrs'] as const;

/**
 * Reads the JSON that attesters of Azure's confidential VMs write: of version 1
 * or 2, or without a version. Unknown members are refused: no step would verify them.
 *
 * @param document UTF-8.
 * @throws EVIDENCE_REFUSED; `details.step` is `vtpm-document` or `vtpm-hcl-report`.
 */
export function parseAzureDocument(document: Uint8Array): AzureDocument {
  const { hclReport, tpmQuote, vcek, tdQuote } = orRefuse(() => readMembers(document), refuse);
  const { hardware, hardwareReport } = readHclReport(hclReport);
  if (hardware === 'tdx') {
    if (tdQuote === undefined) return refuse(invalidDocument('is of TDX and has no TD quote (td_quote)'));
    if (vcek !== undefined) return refuse(invalidDocument('is of TDX and has a certificate of AMD (vcek)'));
    return Object.freeze({ hclReport, tpmQuote, hardware, tdQuote });
  }
  if (tdQuote !== undefined) return refuse(invalidDocument('is of SEV-SNP and has a TD quote (td_quote)'));
  return Object.freeze({ hclReport, tpmQuote, hardware, report: hardwareReport, signingKeyCertificate: vcek });
}

/** Whether a JSON value is such evidence, or was meant to be: it has both of its parts, in whatever form. */
export function isAzureDocument(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return ('tpm_quote' in value && 'hcl_report' in value) || isOldSnpDocument(value);
}

function readMembers(document: Uint8Array): Members {
  const value = parseJsonBytes(document, maximumLength);
  if (!isJsonObject(value)) throw invalidDocument('is not a JSON object');
  const { version }: JsonObject = value;
  if (version === undefined) return readOldMembers(value);
  if (!documentVersions.includes(version)) {
    throw invalidDocument(`is not of version ${documentVersions.join(' or ')}, nor without a version`);
  }
  requireKnown(value, memberNames);
  const fields = new JsonRecord(value, 'evidence');
  return {
    tpmQuote: readQuote(value['tpm_quote']),
    hclReport: base64url(fields, 'hcl_report', maximumBytes.hclReport),
    vcek: fields.has('vcek') ? base64url(fields, 'vcek', maximumBytes.certificate) : undefined,
    tdQuote: fields.has('td_quote') ? base64url(fields, 'td_quote', maximumBytes.tdQuote) : undefined,
  };
}

function readQuote(value: JsonValue | undefined): TpmQuote {
  const fields = new JsonRecord(value, 'evidence.tpm_quote');
  if (isJsonObject(value)) requireKnown(value, quoteMemberNames);
  return Object.freeze({
    message: hex(fields, 'message', maximumBytes.message),
    signature: hex(fields, 'signature', maximumBytes.signature),
    pcrs: requirePcrs(fields.optional('pcrs', strings(pcrCount, 2 * digestSizeBytes)) ?? [], fromHex),
  });
}

function hex(fields: JsonRecord, name: string, maximum: number): Uint8Array {
  return fromHex(fields.required(name, string(2 * maximum)));
}

/** With the padding that the attesters write, or without any. */
function base64url(fields: JsonRecord, name: string, maximum: number): Uint8Array {
  const text = fields.required(name, string(4 * Math.ceil(maximum / 3)));
  const bare = text.length % 4 === 0 ? text.replace(/={1,2}$/, '') : text;
  return fromBase64url(bare, { maxBytes: maximum });
}

function refuse(cause: EnclosError): never {
  return refuseAzure('vtpm-document', 'VTPM_DOCUMENT_UNSUPPORTED_FORMAT', cause.message, cause);
}
