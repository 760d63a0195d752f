import './errors.ts';
import type { webcrypto } from 'node:crypto';
import { concatBytes, fromBase64url, fromHex, toBase64url, toHex, utf8 } from '@enclos/codec';
import {
  hex,
  integer,
  JsonForm,
  meaning,
  parseJson,
  string,
  type JsonProblems,
  type JsonValue,
} from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';

/**
 * The header with which a report says which of several replicas made it, and a request which one it is meant for. Routing alone depends on it:
 * a client believes the evidence.
 */
export const replicaHeader = 'enclos-replica';
/** The form of a replica's name: 16 bytes in base64url. */
export const replicaForm = /^[\w-]{22}$/;

/** What an inference service shows of itself: its public keys, its models, and the evidence that vouches for both. */
export interface InferenceReport {
  /** The key set in its canonical bytes: `parseKeySet` of `@enclos/hpke` reads it. */
  readonly keySet: Uint8Array;
  /** What the service may serve. The key set holds a digest of this list and `catalogueVersion`: compare it. */
  readonly models: readonly ReportedModel[];
  /** The version of the catalogue that the list is from, if there is one. */
  readonly catalogueVersion?: number;
  readonly evidence: {
    /** Such as `sgx-quote`. */
    readonly kind: string;
    readonly value: Uint8Array;
  };
  /** What the service adds to verify the evidence with. It needs no trust. */
  readonly endorsements?: string;
  /** The nonce of the relying party, 32 bytes. Absent in the report that a service makes once for a key set. */
  readonly nonce?: Uint8Array;
}

export interface ReportedModel {
  readonly name: string;
  readonly version: string;
  /** In hex. */
  readonly digest: string;
  readonly sizeBytes: number;
}

const format = 'enclos-inference-report-1';
const domain = utf8('enclos inference report 1\0');
const digestBytes = 32;
const reportDataBytes = 64;
const maximumLength = 1_048_576;
const maximumModels = 1024;
const maximumNameLength = 1024;
const wholeNumber = integer(0, Number.MAX_SAFE_INTEGER);
const bytes = meaning('bytes in base64url', (text) => {
  try {
    return fromBase64url(text);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
});

/**
 * The report data that the evidence of an inference service must have: SHA-256 of `enclos inference report 1`, a zero byte, the
 * digest of the key set, and the nonce or 32 zeros; then 32 zeros. The key set holds the digest of the models.
 *
 * @param keySetDigest SHA-256 of the canonical bytes of the key set.
 * @param nonce 32 bytes.
 * @returns 64 bytes.
 * @throws RECEIPT_REPORT_INVALID for a digest or nonce of another length.
 */
export async function inferenceReportData(
  keySetDigest: Uint8Array,
  nonce: Uint8Array = new Uint8Array(digestBytes),
  subtle: Pick<webcrypto.SubtleCrypto, 'digest'> = globalThis.crypto.subtle,
): Promise<Uint8Array> {
  if (keySetDigest.length !== digestBytes || nonce.length !== digestBytes) return refuse('a digest has another length');
  const digest = await subtle.digest('SHA-256', concatBytes(domain, keySetDigest, nonce));
  return concatBytes(new Uint8Array(digest), new Uint8Array(reportDataBytes - digestBytes));
}

/** The answer to GET /v1/attestation/report. */
export function writeInferenceReport(report: InferenceReport): string {
  const { keySet, models, catalogueVersion, evidence, endorsements, nonce } = report;
  return JSON.stringify({
    format,
    keySet: toBase64url(keySet),
    models: models.map(({ name, version, digest, sizeBytes }) => ({ name, version, digest, sizeBytes })),
    catalogueVersion,
    evidence: { kind: evidence.kind, value: toBase64url(evidence.value) },
    endorsements,
    ...(nonce === undefined ? {} : { nonce: toHex(nonce) }),
  });
}

/**
 * Reads the answer to GET /v1/attestation/report, strictly. Nothing of it is verified: the evidence vouches for the key set, and the key
 * set for the models, by the `modelManifestDigest` of `@enclos/inference-models` over this report.
 *
 * @throws RECEIPT_REPORT_INVALID
 */
export function readInferenceReport(text: string): InferenceReport {
  const problems: JsonProblems = { texts: [] };
  const report = readFile(text, problems);
  return problems.texts.length === 0 ? report : refuse(problems.texts[0] ?? '');
}

function readFile(text: string, problems: JsonProblems): InferenceReport {
  const file = new JsonForm(parse(text), '', problems);
  if (file.required('format', string(64)) !== format) file.problem('format', `must be ${format}.`);
  const keySet = file.required('keySet', bytes) ?? new Uint8Array();
  const models = file.forms('models', maximumModels).map((form) => readModel(form));
  const catalogueVersion = file.optional('catalogueVersion', wholeNumber);
  const evidence = file.form('evidence') ?? new JsonForm(undefined, 'evidence', problems);
  const kind = evidence.required('kind', string(maximumNameLength)) ?? '';
  const value = evidence.required('value', bytes) ?? new Uint8Array();
  evidence.end();
  const endorsements = file.optional('endorsements', string(maximumLength));
  const nonce = file.optional('nonce', hex(digestBytes));
  file.end();
  return Object.freeze({
    keySet,
    models: Object.freeze(models),
    ...(catalogueVersion === undefined ? {} : { catalogueVersion }),
    evidence: Object.freeze({ kind, value }),
    ...(endorsements === undefined ? {} : { endorsements }),
    ...(nonce === undefined ? {} : { nonce: fromHex(nonce) }),
  });
}

function readModel(form: JsonForm): ReportedModel {
  const name = form.required('name', string(maximumNameLength)) ?? '';
  const version = form.required('version', string(maximumNameLength)) ?? '';
  const digest = form.required('digest', hex(digestBytes)) ?? '';
  const sizeBytes = form.required('sizeBytes', wholeNumber) ?? 0;
  form.end();
  return Object.freeze({ name, version, digest, sizeBytes });
}

function parse(text: string): JsonValue {
  try {
    return parseJson(text, maximumLength);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return refuse(error.message, error);
  }
}

function refuse(problem: string, cause?: unknown): never {
  throw new EnclosError('RECEIPT_REPORT_INVALID', `The report is not one of an inference service: ${problem}`, {
    cause,
  });
}
