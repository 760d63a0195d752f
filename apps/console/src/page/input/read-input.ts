import { isJsonObject, parseJson, type JsonObject } from '@enclos/attestation/json';
import { isEnclosError } from '@enclos/errors';
import { decodeText } from './text-bytes.ts';

/** Nothing longer is opened: collateral is under 40 KiB, a quote under 256 KiB. */
export const maximumInputBytes = 4 * 1024 * 1024;

/** What a file or a pasted text was taken for. */
export type Input =
  | { readonly kind: 'quote'; readonly form: string; readonly bytes: Uint8Array }
  | { readonly kind: 'collateral'; readonly text: string }
  | { readonly kind: 'policy'; readonly rules: JsonObject }
  | { readonly kind: 'root'; readonly certificate: string | Uint8Array }
  | { readonly kind: 'unreadable'; readonly reason: string };

const collateralMembers = ['tcb_info', 'qe_identity', 'root_ca_crl'];
const policyMembers = ['acceptedStatuses', 'minimumSecurityVersion', 'mrEnclave', 'mrSigner'];
const certificateStart = '-----BEGIN CERTIFICATE-----';

/**
 * Finds out what bytes are: a quote (as bytes, hex, base64 or PEM), collateral
 * or a policy (JSON), or a root certificate (PEM or DER). Judges by content:
 * names and media types of files say nothing. What is no text is taken for a
 * quote, so that the verifier says what is wrong with it.
 */
export function readInput(bytes: Uint8Array): readonly Input[] {
  if (bytes.length > maximumInputBytes) return [tooLarge(bytes.length)];
  if (bytes.length === 0) return [unreadable('It is empty.')];
  if (isDerCertificate(bytes)) return [{ kind: 'root', certificate: bytes }];
  const text = textOf(bytes);
  return text === undefined ? [{ kind: 'quote', form: 'bytes', bytes }] : readText(text);
}

/** For a file that is not opened at all. */
export function tooLarge(sizeBytes: number): Input {
  const mebibytes = (sizeBytes / 1024 / 1024).toFixed(1);
  return unreadable(`It has ${mebibytes} MiB, and nothing over ${maximumInputBytes / 1024 / 1024} MiB is opened.`);
}

function unreadable(reason: string): Input {
  return { kind: 'unreadable', reason };
}

/** A SEQUENCE with a length of two bytes that fills the file (X.690 section 8.1.3). No quote begins like that. */
function isDerCertificate(bytes: Uint8Array): boolean {
  const [tag, form, high = 0, low = 0] = bytes;
  return tag === 0x30 && form === 0x82 && bytes.length === 4 + high * 256 + low;
}

/** Text has no control character but white space; a quote has zeros in its second byte. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return /[^\P{Cc}\t\n\r]/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function readText(text: string): readonly Input[] {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return readJson(trimmed);
  if (trimmed.startsWith(certificateStart)) {
    const isOne = trimmed.indexOf(certificateStart, 1) === -1;
    if (isOne) return [{ kind: 'root', certificate: `${trimmed}\n` }];
    return [
      unreadable('It holds several certificates. A root is one certificate; the chain of a quote is in the quote.'),
    ];
  }
  const decoded = decodeText(trimmed);
  if (decoded === undefined) {
    return [unreadable('It is no quote (bytes, hex, base64, PEM), no JSON and no certificate.')];
  }
  if (isDerCertificate(decoded.bytes)) return [{ kind: 'root', certificate: decoded.bytes }];
  return [{ kind: 'quote', form: decoded.form, bytes: decoded.bytes }];
}

function readJson(text: string): readonly Input[] {
  let json;
  try {
    json = parseJson(text, maximumInputBytes);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return [unreadable(`It begins like JSON and is not: ${error.message}`)];
  }
  if (!isJsonObject(json)) return [unreadable('It is JSON, and no object.')];
  const has = (names: readonly string[]): boolean => names.some((name) => Object.hasOwn(json, name));
  if (has(collateralMembers)) return [{ kind: 'collateral', text }];
  if (has(policyMembers)) return [{ kind: 'policy', rules: json }];
  const parts = readEnvelope(json);
  return parts.length > 0
    ? parts
    : [unreadable('It is JSON, and neither collateral (QuoteCollateralV3) nor a policy (the rules of SgxPolicy).')];
}

/** `{ "quote": …, "collateral": { … } }`, as services answer. */
function readEnvelope(json: JsonObject): readonly Input[] {
  const { quote, collateral } = json;
  const parts: Input[] = [];
  const decoded = typeof quote === 'string' ? decodeText(quote) : undefined;
  if (decoded !== undefined) parts.push({ kind: 'quote', form: `${decoded.form} in JSON`, bytes: decoded.bytes });
  if (isJsonObject(collateral)) parts.push({ kind: 'collateral', text: JSON.stringify(collateral) });
  return parts;
}
