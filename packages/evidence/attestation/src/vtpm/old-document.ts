import { isByteList, isJsonObject, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { decodeCertificates } from '../x509/pem.ts';
import { invalidDocument, maximumBytes, requireKnown, requirePcrs, type Members } from './document-members.ts';

/** How a document of SEV-SNP and one of TDX name their parts, and which members each may have. */
const names = Object.freeze({
  snp: { quote: 'quote', hclReport: 'report', known: ['quote', 'report', 'vcek'] },
  tdx: { quote: 'tpm_quote', hclReport: 'hcl_report', known: ['tpm_quote', 'hcl_report', 'td_quote'] },
});

/** True for a document without a version of a machine on SEV-SNP, in which nothing is called as it is in later ones. */
export function isOldSnpDocument(value: object): boolean {
  return 'quote' in value && 'report' in value && 'vcek' in value;
}

/**
 * Reads a document of the time before there were versions: bytes are lists of
 * numbers, and the certificate is PEM.
 *
 * @throws a CODEC error.
 */
export function readOldMembers(value: JsonObject): Members {
  const { quote, hclReport, known } = names[isOldSnpDocument(value) ? 'snp' : 'tdx'];
  requireKnown(value, known);
  const { vcek, td_quote: tdQuote } = value;
  return {
    tpmQuote: readQuote(value[quote]),
    hclReport: bytesOf(value[hclReport], hclReport, maximumBytes.hclReport),
    vcek: vcek === undefined ? undefined : vcekOf(vcek),
    tdQuote: tdQuote === undefined ? undefined : bytesOf(tdQuote, 'td_quote', maximumBytes.tdQuote),
  };
}

function readQuote(quote: JsonValue | undefined): Members['tpmQuote'] {
  if (!isJsonObject(quote)) throw invalidDocument('has a TPM quote that is not an object');
  requireKnown(quote, ['signature', 'message', 'pcrs']);
  const { message, signature, pcrs }: JsonObject = quote;
  const list: readonly JsonValue[] = Array.isArray(pcrs) ? pcrs : [];
  return Object.freeze({
    message: bytesOf(message, 'message', maximumBytes.message),
    signature: bytesOf(signature, 'signature', maximumBytes.signature),
    pcrs: requirePcrs(list, (value) => bytesOf(value, 'pcrs', maximumBytes.digest)),
  });
}

function bytesOf(value: JsonValue | undefined, name: string, maximum: number): Uint8Array {
  if (!isByteList(value, maximum)) throw invalidDocument(`has no version, and ${name} is not a list of bytes`);
  return Uint8Array.from(value);
}

function vcekOf(vcek: JsonValue): Uint8Array {
  const [der, ...others] = typeof vcek === 'string' ? decodeCertificates(vcek) : [];
  if (der === undefined || others.length > 0 || der.length > maximumBytes.certificate) {
    throw invalidDocument('has a vcek that is not one certificate in PEM');
  }
  return der;
}
