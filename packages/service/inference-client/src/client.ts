import './errors.ts';
import { kemIds, webEngine, type BhttpField, type HpkeEngine, type KemId } from '@enclos/hpke';
import {
  headerLengthName,
  inferRequestBody,
  parseIndex,
  parseInferResponse,
  readHeaderLength,
  wholeBody,
  type InferResponse,
  type RepositoryEntry,
  type RequestedOutput,
  type Tensor,
} from '@enclos/open-inference';
import type { ReportAppraiser } from './appraiser.ts';
import type { ReceiptTee, ReceiptVerifier } from '@enclos/receipts';
import { fieldOf, responseOf, type OpenedAnswer } from './answer.ts';
import { Attestations, type AttestedService } from './attested-service.ts';
import { ServiceAddress, type OuterFetch } from './outer-http.ts';
import { contentOfAnswer } from './content.ts';
import type { AnswerReceipt } from './receipt-check.ts';
import { misused, refuseAnswer } from './refusal.ts';
import type { ExpectedModels } from './request.ts';
import { Sender } from './sender.ts';
import { oneShotChannel, sessionChannel, type ChannelOptions } from './transports/channel.ts';
import { directTransport } from './transports/direct.ts';
import { ehbpTransport } from './transports/ehbp.ts';
import { sealedTransport } from './transports/sealed.ts';
import type { Transport } from './transports/transport.ts';

/** How requests reach the service. */
export type TransportName = 'one-shot' | 'session' | 'attested-tls' | 'ehbp';

export interface InferenceClientOptions {
  /** The address of the service. Seal and evidence protect what is sent, also over `http:`. */
  readonly url: string | URL;
  /** Decides whether the evidence of the service is good enough: `quoteReportAppraiser`, or your own. */
  readonly appraise: ReportAppraiser;
  /**
   * - `one-shot`: a set-up of HPKE seals each request, all of it (default).
   * - `session`: one set-up for many requests, which costs the service less.
   * - `attested-tls`: requests as they are, the fastest way. `fetch` must be one whose connections end in the attested enclave, such as
   *   `createAttestedCarrier` of `@enclos/inference-client/node` makes.
   * - `ehbp`: the body alone is sealed. For services that know nothing else: it binds neither path nor model, and whole answers have no
   *   receipt, so it cannot be combined with `models` and with required receipts.
   */
  readonly transport?: TransportName;
  /**
   * `when-present` verifies each receipt that comes (default). `require` refuses answers of models that have none. `none` asks the service
   * for no receipts, which saves a signature at each end.
   */
  readonly receipts?: 'when-present' | 'require' | 'none';
  /** The models that may answer, by name, with their SHA-256 in hex. Requests for others are not sent. */
  readonly models?: ExpectedModels;
  /** SHA-256 in hex of the model manifest that the key set must name. */
  readonly modelManifestDigest?: string;
  /** The least version of the catalogue of models. An enclave that starts anew cannot know which one its host holds back. */
  readonly minimumCatalogueVersion?: number;
  /** Receives each receipt that was verified, to keep it. */
  readonly onReceipt?: (receipt: AnswerReceipt) => void;
  /** The most bytes of a request body. Default: 64 MiB. */
  readonly maxRequestBytes?: number;
  /** The most bytes of an answer, streamed or not. Default: 64 MiB. */
  readonly maxAnswerBytes?: number;
  /** After which the service is attested again. Default: an hour. */
  readonly maximumAgeMs?: number;
  /** For an attestation and the opening of a session. Default: 30 seconds. Requests have the time that their signal gives. */
  readonly timeoutMs?: number;
  /** Default: WebCrypto. `nodeEngine()` of `@enclos/hpke/node` is faster in Node, and knows X-Wing. */
  readonly engine?: HpkeEngine;
  /** Verifies receipts. Default: over WebCrypto. `nodeReceiptVerifier` of `@enclos/receipts/node` is faster in Node. */
  readonly receiptVerifier?: ReceiptVerifier;
  /** Kinds of keys to seal to, in the order of preference; the engine must know them. Default: X25519. */
  readonly kems?: readonly KemId[];
  /** What carries sealed requests. Default: `fetch` of the platform. */
  readonly fetch?: OuterFetch;
  /** Default: the clock of this machine. */
  readonly nowMs?: () => number;
}

export interface InferCall {
  readonly model: string;
  readonly version?: string;
  readonly inputs: readonly Tensor[];
  /** Default: all outputs of the model. */
  readonly outputs?: readonly RequestedOutput[];
  readonly signal?: AbortSignal;
}

/** Which enclave the evidence is about. */
export interface AttestedIdentity {
  readonly tee: ReceiptTee;
  /** MRENCLAVE, MRTD or launch measurement, in hex. */
  readonly measurement: string;
  /** SHA-256 of the key set that the evidence vouches for, in hex. */
  readonly keySetDigest: string;
}

export interface InferenceClient {
  /**
   * As `fetch` of the platform, for addresses of the service alone. Redirects of the service are given back.
   *
   * The promise rejects, or the body ends with an error, for what the attested enclave did not answer to this request.
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /**
   * Runs a model on tensors.
   *
   * @throws INFERENCE_CALL_REFUSED and INFERENCE_SERVICE_BUSY with `details.status` and `details.code`, and what `fetch` throws
   */
  infer(call: InferCall): Promise<InferResponse>;
  /** The models of the service, as the enclave lists them. */
  models(): Promise<readonly RepositoryEntry[]>;
  /** Attests the service now rather than with the first request; with `fresh` also if it is attested. */
  attest(options?: { readonly fresh?: boolean }): Promise<AttestedIdentity>;
  /** Ends the client: later calls are refused. */
  close(): void;
}

/**
 * A client of a confidential inference service. It attests the service before the first request, and seals each request so that only the
 * attested enclave opens it. It fails closed: without good evidence nothing is sent.
 *
 * A request is kept whole until it is answered: when the key of the service has ended in between, the service is attested again, and the
 * request is sealed and sent once more. A host can bring that about, so a request may run twice.
 *
 * @example
 * import { createInferenceClient, type ReportAppraiser } from '@enclos/inference-client';
 * import OpenAI from 'openai';
 *
 * export function openAiOf(url: string, appraise: ReportAppraiser): OpenAI {
 *   const client = createInferenceClient({ url, appraise });
 *   return new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', fetch: client.fetch });
 * }
 *
 * @throws INFERENCE_CLIENT_MISUSED. The functions of the client throw INFERENCE_NOT_ATTESTED and what the appraiser throws,
 * INFERENCE_SERVICE_UNREACHABLE, INFERENCE_ANSWER_REFUSED, INFERENCE_RECEIPT_MISSING, HPKE_*, OHTTP_MESSAGE_INVALID and RECEIPT_*.
 */
export function createInferenceClient(options: InferenceClientOptions): InferenceClient {
  const sender = senderOf(options);
  const send = async (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    sender.fetch(new Request(input, init));
  return Object.freeze<InferenceClient>({
    fetch: send,
    async infer({ model, version, inputs, outputs = [], signal }) {
      const body = inferRequestBody({ inputs, outputs, areInputsBinary: true, areOutputsBinary: true });
      const path = `/v2/models/${encodeURIComponent(model)}`;
      const versioned = version === undefined ? path : `${path}/versions/${encodeURIComponent(version)}`;
      const fields: BhttpField[] = [['content-type', body.contentType]];
      if (body.headerLength !== undefined) fields.push([headerLengthName, String(body.headerLength)]);
      const asked = { method: 'POST', path: `${versioned}/infer`, fields, body: wholeBody(body) };
      const opened = await sender.send(asked, signal);
      const content = await wholeContentOf(opened);
      const headerLength = readHeaderLength(fieldOf(opened.fields, headerLengthName));
      const answer = parseInferResponse(content, { headerLength });
      return answer.modelName === model ? answer : refuseAnswer('Another model answered.');
    },
    async models() {
      const asked = { method: 'POST', path: '/v2/repository/index', fields: [], body: new Uint8Array() };
      return parseIndex(await wholeContentOf(await sender.send(asked)));
    },
    attest: async (given) => identityOf(await sender.attest(given)),
    close() {
      sender.close();
    },
  });
}

function identityOf({ expectedClaims }: AttestedService): AttestedIdentity {
  const { tee, measurement, keySetDigest } = expectedClaims;
  return Object.freeze({ tee, measurement, keySetDigest });
}

/** @throws as `contentOfAnswer` */
async function wholeContentOf(answer: OpenedAnswer): Promise<Uint8Array> {
  if (answer.status === 200 && answer.content instanceof Uint8Array) return answer.content;
  return contentOfAnswer(responseOf(answer));
}

const mebibyte = 1_048_576;

function senderOf(options: InferenceClientOptions): Sender {
  const { url, fetch, appraise, receipts = 'when-present', models } = options;
  const { engine = webEngine(globalThis.crypto), kems = [kemIds.x25519], nowMs = Date.now } = options;
  const { timeoutMs = 30_000, maximumAgeMs = 3_600_000 } = options;
  const address = new ServiceAddress(url, fetch);
  return new Sender({
    address,
    engine,
    attestations: new Attestations({
      address,
      engine,
      appraise,
      kems,
      expectedManifest: options.modelManifestDigest,
      minimumCatalogueVersion: options.minimumCatalogueVersion,
      nowMs,
      timeoutMs,
      maximumAgeMs,
    }),
    transport: transportOf(options, { address, engine, nowMs, timeoutMs }),
    models,
    receipts,
    receiptVerifier: options.receiptVerifier,
    onReceipt: options.onReceipt ?? (() => {}),
    maxRequestBytes: options.maxRequestBytes ?? 64 * mebibyte,
  });
}

function transportOf(
  { transport = 'one-shot', maxAnswerBytes = 64 * mebibyte, receipts, models, fetch }: InferenceClientOptions,
  { address, engine, nowMs, timeoutMs }: ChannelOptions,
): Transport {
  const options = { address, engine, nowMs, maxAnswerBytes };
  switch (transport) {
    case 'one-shot':
      return sealedTransport(oneShotChannel({ address, engine, nowMs, timeoutMs }), options);
    case 'session':
      return sealedTransport(sessionChannel({ address, engine, nowMs, timeoutMs }), options);
    case 'attested-tls':
      // The platform's accepts everyone that an authority gave a certificate.
      if (fetch === undefined) misused('The transport attested-tls needs a fetch that attests its connections.');
      return directTransport(options);
    case 'ehbp':
      if (receipts === 'require' || models !== undefined) {
        misused('The transport ehbp binds no model and has no receipts for whole answers.');
      }
      return ehbpTransport(options);
  }
}
