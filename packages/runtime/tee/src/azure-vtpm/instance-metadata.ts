import { boundedBody, underDeadline, untilAborted } from '@enclos/bounded';
import { fromBase64url, toBase64url } from '@enclos/codec';
import { isJsonObject, parseJsonBytes, type JsonValue } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { unexpectedEvidence } from '../report-data.ts';

/** The Instance Metadata Service: link-local, HTTP. Its answers come from the host, which is untrusted. */
const base = 'http://169.254.169.254';
const timeoutMs = 10_000;
const attempts = 4;
const firstDelayMs = 500;
const maxAnswerBytes = 262_144;
/** Answers are objects of a few texts. */
const answerBounds = { maxDepth: 8, maxValues: 256 };

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface MetadataOptions {
  readonly fetch: Fetch;
  /** Between two attempts. */
  readonly delay: (delayMs: number) => Promise<unknown>;
}

/** Certificates of the machine's AMD processor. The host supplies them, so only their own signatures prove anything. */
export interface AmdCertificates {
  /** PEM. */
  readonly vcek: string;
  /** PEM: ASK and ARK. */
  readonly chain: string;
}

/** From Azure's Trusted Hardware Identity Management. @throws TEE_DEVICE_FAILED, TEE_EVIDENCE_UNEXPECTED */
export async function fetchAmdCertificates(options: MetadataOptions): Promise<AmdCertificates> {
  const answer = await ask(options, '/metadata/THIM/amd/certification', { headers: { Metadata: 'true' } });
  return Object.freeze({ vcek: textOf(answer, 'vcekCert'), chain: textOf(answer, 'certificateChain') });
}

/** Has a TDREPORT signed by the host's quoting enclave. @returns a TD quote, unchecked. */
export async function fetchTdQuote(options: MetadataOptions, tdReport: Uint8Array): Promise<Uint8Array> {
  const answer = await ask(options, '/acc/tdquote', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ report: toBase64url(tdReport) }),
  });
  try {
    return fromBase64url(textOf(answer, 'quote').replace(/={1,2}$/, ''), { maxBytes: 65_536 });
  } catch (cause) {
    throw unexpectedEvidence('The TD quote of the metadata service is not base64url.', cause);
  }
}

function textOf(answer: JsonValue, name: string): string {
  const value = isJsonObject(answer) ? answer[name] : undefined;
  if (typeof value === 'string' && value !== '') return value;
  throw unexpectedEvidence(`The answer of the metadata service has no text "${name}".`);
}

/** The service refuses for a while when it is asked too often (429), is starting (404, 410) or is being moved (500, 503). */
const passingStatus = new Set([404, 408, 410, 429, 500, 502, 503, 504]);

async function ask(options: MetadataOptions, path: string, init: RequestInit): Promise<JsonValue> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await askOnce(options.fetch, path, init);
    if (!outcome.failed) return parsed(outcome.bytes);
    if (!outcome.passing || attempt === attempts) throw failure(path, outcome);
    await options.delay(firstDelayMs * 2 ** (attempt - 1));
  }
}

interface Failure {
  readonly failed: true;
  readonly passing: boolean;
  readonly reason: string;
  readonly cause?: unknown;
}

type Outcome = { readonly failed: false; readonly bytes: Uint8Array } | Failure;

async function askOnce(fetch: Fetch, path: string, init: RequestInit): Promise<Outcome> {
  try {
    return await underDeadline(timeoutMs, async (signal): Promise<Outcome> => {
      // A redirection would lead away from the link-local address.
      const response = await untilAborted(signal, fetch(base + path, { ...init, redirect: 'error', signal }));
      if (response.ok) return { failed: false, bytes: await boundedBytes(response, signal) };
      await boundedBody(response, 0, signal);
      const { status } = response;
      return { failed: true, passing: passingStatus.has(status), reason: `HTTP ${status}` };
    });
  } catch (cause) {
    if (cause instanceof EnclosError) throw cause;
    return { failed: true, passing: true, reason: 'no answer', cause };
  }
}

function failure(path: string, { reason, cause }: Failure): EnclosError {
  const options = { details: { path, reason }, ...(cause === undefined ? {} : { cause }) };
  return new EnclosError('TEE_DEVICE_FAILED', `The metadata service, ${path}: ${reason}.`, options);
}

async function boundedBytes(response: Response, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = await boundedBody(response, maxAnswerBytes, signal);
  if (bytes === undefined) throw unexpectedEvidence(`The metadata service sent over ${maxAnswerBytes} bytes.`);
  return bytes;
}

function parsed(bytes: Uint8Array): JsonValue {
  try {
    return parseJsonBytes(bytes, maxAnswerBytes, answerBounds);
  } catch (cause) {
    const isTooMuch = isEnclosError(cause, 'CODEC_OUT_OF_RANGE');
    const problem = isTooMuch
      ? 'The metadata service sent too many values.'
      : 'The answer of the metadata service is not strict JSON.';
    throw unexpectedEvidence(problem, cause);
  }
}
