import { isAzureDocument } from '@enclos/attestation';
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { splitSnpReport } from '@enclos/attestation/carriers';
import { equalBytes, utf8 } from '@enclos/codec';
import { beginsLikePem } from '@enclos/codec/pem';
import { decodeUtf8, withoutByteOrderMark } from '@enclos/codec/text';
import { isEnclosError } from '@enclos/errors';
import { derKind, type DerKind } from './der-kind.ts';
import { decodePemBlocks, decodeText } from './text-bytes.ts';

/** Nothing longer is opened: collateral is under 40 KiB, a quote under 256 KiB. */
export const maximumInputBytes = 4 * 1024 * 1024;

/** Evidence: a DCAP quote, a report of SEV-SNP, all of an Azure VM as one document, or its HCL report alone. */
export interface EvidenceInput {
  readonly kind: 'quote' | 'snp-report' | 'azure-evidence' | 'hcl-report';
  readonly form: string;
  /** The JSON text of a document. */
  readonly bytes: Uint8Array;
}

/** What a file or a pasted text was taken for. */
export type Input =
  | EvidenceInput
  | { readonly kind: 'collateral'; readonly text: string }
  | { readonly kind: 'policy'; readonly rules: JsonObject }
  /** A certificate of an unknown owner: the root of a software platform, or a server's, with evidence in it. DER. */
  | { readonly kind: 'root'; readonly der: Uint8Array }
  | { readonly kind: 'amd-leaf'; readonly der: Uint8Array }
  | { readonly kind: 'amd-authority'; readonly der: Uint8Array }
  | { readonly kind: 'amd-root'; readonly der: Uint8Array }
  | { readonly kind: 'revocation-list'; readonly der: Uint8Array }
  | { readonly kind: 'unreadable'; readonly reason: string };

const collateralMembers = ['tcb_info', 'qe_identity', 'root_ca_crl'];
const policyMembers = [
  'acceptedStatuses',
  'minimumSecurityVersion',
  'mrEnclave',
  'mrSigner',
  'mrTd',
  'measurements',
  'pcrs',
];
const hclSignature = utf8('HCLA');
const snpVersions: readonly number[] = [2, 3, 5];

/**
 * Finds out what bytes are: a quote, an SEV-SNP report or an HCL report (as
 * bytes, hex, base64 or PEM), the evidence of an Azure VM, collateral or a policy
 * (JSON), certificates and a revocation list (PEM or DER). Judges by content: names and media types of files say nothing.
 * Bytes that are not text are taken for a quote, so that the verifier says what is wrong with it.
 */
export function readInput(bytes: Uint8Array): readonly Input[] {
  if (bytes.length > maximumInputBytes) return [tooLarge(bytes.length)];
  if (bytes.length === 0) return [unreadable('It is empty.')];
  const kind = derKind(bytes);
  if (kind !== undefined) return [signedValue(kind, bytes)];
  const text = textOf(bytes);
  return text === undefined ? readEvidence(bytes, 'bytes') : readText(text.trim());
}

/** For a file that is not opened at all. */
export function tooLarge(sizeBytes: number): Input {
  const mebibytes = (sizeBytes / 1024 / 1024).toFixed(1);
  return unreadable(`It has ${mebibytes} MiB, and nothing over ${maximumInputBytes / 1024 / 1024} MiB is opened.`);
}

function unreadable(reason: string): Input {
  return { kind: 'unreadable', reason };
}

function signedValue(kind: DerKind, der: Uint8Array): Input {
  return { kind: kind === 'certificate' ? 'root' : kind, der };
}

/** The parts of an extended SEV-SNP report: the report, and the certificates of its key that the host added. */
function readEvidence(bytes: Uint8Array, form: string): readonly Input[] {
  const found = evidence(bytes, form);
  if (found.kind !== 'snp-report') return [found];
  const { report, certificates } = splitSnpReport(bytes);
  const leaves = certificates.filter(({ content }) => derKind(content) === 'amd-leaf');
  // Without one the verifier says what is wrong with the length of the report.
  if (leaves.length === 0) return [found];
  return [{ ...found, bytes: report }, ...leaves.map(({ content }) => signedValue('amd-leaf', content))];
}

/** Both begin with a version; after it a quote has the type of its key, 2, and a report has zeros. */
function evidence(bytes: Uint8Array, form: string): EvidenceInput {
  if (equalBytes(bytes.subarray(0, hclSignature.length), hclSignature)) return { kind: 'hcl-report', form, bytes };
  const [version = 0, ...rest] = bytes.subarray(0, 4);
  const isReport = snpVersions.includes(version) && rest.length === 3 && rest.every((byte) => byte === 0);
  return { kind: isReport ? 'snp-report' : 'quote', form, bytes };
}

/** Text has no control character but white space; a quote has zeros in its second byte. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = withoutByteOrderMark(decodeUtf8(bytes));
    return /[^\P{Cc}\t\n\r]/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function readText(text: string): readonly Input[] {
  if (text.startsWith('{')) return readJson(text);
  if (beginsLikePem(text)) return readPem(text);
  const decoded = decodeText(text);
  if (decoded === undefined) {
    return [unreadable('It is not evidence (bytes, hex, base64, PEM), JSON or a certificate.')];
  }
  const kind = derKind(decoded.bytes);
  return kind === undefined ? readEvidence(decoded.bytes, decoded.form) : [signedValue(kind, decoded.bytes)];
}

function readPem(text: string): readonly Input[] {
  const blocks = decodePemBlocks(text);
  if (blocks === undefined) return [unreadable('It begins like PEM and is not, or holds more than 8 blocks.')];
  const inputs = blocks.map((bytes) => {
    const kind = derKind(bytes);
    return kind === undefined ? evidence(bytes, 'PEM') : signedValue(kind, bytes);
  });
  const isChain = inputs.length > 1 && inputs.some(({ kind }) => kind === 'root');
  return isChain
    ? [unreadable('It is a chain of certificates. A root is one; the chain of a quote is in the quote.')]
    : inputs;
}

function readJson(text: string): readonly Input[] {
  let json;
  try {
    json = parseJson(text, maximumInputBytes);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return [unreadable(`It begins like JSON and is not: ${error.message}`)];
  }
  if (!isJsonObject(json)) return [unreadable('It is JSON, but not an object.')];
  const has = (names: readonly string[]): boolean => names.some((name) => Object.hasOwn(json, name));
  if (isAzureDocument(json)) return [machine(text)];
  if (has(collateralMembers)) return [{ kind: 'collateral', text }];
  if (has(policyMembers)) return [{ kind: 'policy', rules: json }];
  const parts = readEnvelope(json);
  return parts.length > 0
    ? parts
    : [unreadable('It is JSON, but not evidence, collateral (QuoteCollateralV3) or the rules of a policy.')];
}

function machine(document: string): EvidenceInput {
  return { kind: 'azure-evidence', form: 'JSON', bytes: utf8(document) };
}

/** `{ "quote": …, "collateral": { … } }` or `{ "evidence": { … } }`, as services answer. */
function readEnvelope(json: JsonObject): readonly Input[] {
  const { quote, collateral, evidence: inner }: Partial<Record<string, JsonValue>> = json;
  const parts: Input[] = [];
  const decoded = typeof quote === 'string' ? decodeText(quote) : undefined;
  if (decoded !== undefined) parts.push(evidence(decoded.bytes, `${decoded.form} in JSON`));
  if (isAzureDocument(inner)) parts.push(machine(JSON.stringify(inner)));
  if (isJsonObject(collateral)) parts.push({ kind: 'collateral', text: JSON.stringify(collateral) });
  return parts;
}
