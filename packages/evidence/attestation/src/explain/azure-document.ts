import { fromBase64url, fromHex, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { isByteList, isJsonObject, parseJsonBytes, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { decodeCertificates } from '../x509/pem.ts';
import { missingField } from './field-reader.ts';
import type { ExplainedField } from './field.ts';
import { explainHclReport } from './hcl-report.ts';
import { explainQuote } from './quote.ts';
import { explainTpmAttest } from './tpm-quote.ts';

const maximumLength = 131_072;
const mostPcrs = 24;

/**
 * What the evidence of an Azure VM says, part by part; see `parseAzureDocument`
 * for its form. For people: nothing is verified, and nothing refused.
 */
export function explainAzureDocument(document: Uint8Array): readonly ExplainedField[] {
  const place = { offset: 0, sizeBytes: document.length };
  try {
    const value = parseJsonBytes(document, maximumLength);
    return Object.freeze(isJsonObject(value) ? partsOf(value) : [missingField('Evidence', place, 'not a JSON object')]);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return Object.freeze([missingField('Evidence', place, error.message)]);
  }
}

/** Documents without a version call two parts by other names when they are of SEV-SNP, and have their certificate in PEM. */
function partsOf(document: JsonObject): readonly ExplainedField[] {
  const { version, quote, report, tpm_quote = quote, hcl_report = report, vcek, td_quote } = document;
  const { message, signature, pcrs }: JsonObject = isJsonObject(tpm_quote) ? tpm_quote : {};
  return [
    text('version', version === undefined ? 'none' : JSON.stringify(version)),
    ...part('HCL report', hcl_report, decodeBase64url, explainHclReport),
    group('TPM quote', 0, [
      ...part('TPMS_ATTEST', message, fromHex, (bytes) => [explainTpmAttest(bytes)]),
      ...part('signature', signature, fromHex, (bytes) => [leaf('signature', bytes.length, toHex(bytes))]),
    ]),
    pcrValues(pcrs),
    ...(vcek === undefined ? [] : part('VCEK certificate', vcek, decodeCertificate, certificate)),
    ...(td_quote === undefined ? [] : part('TD quote', td_quote, decodeBase64url, tdQuote)),
  ];
}

function tdQuote(bytes: Uint8Array): readonly ExplainedField[] {
  return [group('TD quote', bytes.length, explainQuote(bytes))];
}

/** The values by number, as they stand there. */
function pcrValues(pcrs: JsonValue | undefined): ExplainedField {
  const list: readonly JsonValue[] = Array.isArray(pcrs) ? pcrs : [];
  const fields = list.slice(0, mostPcrs).map((value, number) => text(`PCR ${number}`, textOf(value)));
  const values = group('PCR values', 0, fields);
  return list.length > mostPcrs ? Object.freeze({ ...values, problem: `${list.length} values` }) : values;
}

function textOf(value: JsonValue): string {
  if (typeof value === 'string') return value;
  return isByteList(value, maximumLength) ? toHex(Uint8Array.from(value)) : JSON.stringify(value);
}

function part(
  name: string,
  value: JsonValue | undefined,
  decode: (text: string) => Uint8Array,
  explain: (bytes: Uint8Array) => readonly ExplainedField[],
): readonly ExplainedField[] {
  const place = { offset: 0, sizeBytes: 0 };
  const isText = typeof value === 'string';
  if (!isText && !isByteList(value, maximumLength)) return [missingField(name, place, 'it is not there as text')];
  try {
    return explain(isText ? decode(value) : Uint8Array.from(value));
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return [missingField(name, place, error.message)];
  }
}

function decodeCertificate(value: string): Uint8Array {
  return value.startsWith('-') ? (decodeCertificates(value)[0] ?? new Uint8Array()) : decodeBase64url(value);
}

function decodeBase64url(value: string): Uint8Array {
  return fromBase64url(value.replace(/={1,2}$/, ''));
}

function certificate({ length }: Uint8Array): readonly ExplainedField[] {
  const meaning = 'The certificate of the signing key, too long to show. It proves itself, or nothing';
  return [Object.freeze({ ...leaf('VCEK certificate', length, ''), meaning })];
}

function text(name: string, value: string): ExplainedField {
  return leaf(name, 0, value);
}

function leaf(name: string, sizeBytes: number, value: string): ExplainedField {
  return Object.freeze({ name, offset: 0, sizeBytes, value });
}

function group(name: string, sizeBytes: number, fields: readonly ExplainedField[]): ExplainedField {
  return Object.freeze({ name, offset: 0, sizeBytes, value: '', fields: Object.freeze(fields) });
}
