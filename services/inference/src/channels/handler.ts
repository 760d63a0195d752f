import '../errors.ts';
import {
  azureOhttpProfile,
  chunkedOhttpProfile,
  ehbp,
  ehbpSuite,
  encodeKeyConfig,
  encodeKeyConfigList,
  keyConfigType,
  ohttpProfile,
  sessionTypes,
  type PublishedKey,
} from '@enclos/hpke';
import type { BodyLimit, HttpCall, HttpHandler, HttpRequest, HttpResponse } from '@enclos/http';
import type { ApiAnswer, ApiRequest } from '../api/api-request.ts';
import type { InferenceApi } from '../api/inference-api.ts';
import type { ChannelContext, ChannelOptions, OpenedRequest, SealedRequest } from './channel.ts';
import { isEhbp, openEhbp } from './ehbp.ts';
import { openOhttp } from './ohttp.ts';
import { openingRefusal } from './opening-refusal.ts';
import { UndatedRequests } from './undated.ts';
import { Sessions, sessionPath, type SessionsOptions } from './sessions.ts';

/** Where requests of Oblivious HTTP go, and where its keys are. */
const ohttpPath = '/ohttp';
const ohttpKeysPath = '/ohttp-keys';
/** Where clients of Azure's profile send theirs. */
const azurePath = '/score';
const reportPath = '/v1/attestation/report';

/** What sealing adds at most to a request with its head: tags, padding and framing. */
const sealingBytes = 131_072;

export interface HandlerOptions {
  readonly api: InferenceApi;
  readonly context: ChannelOptions;
  /** Hears that the keys are others before their time, whose evidence has to be made. */
  readonly keysRenewed?: (() => Promise<void>) | undefined;
  readonly sessions?: SessionsOptions | undefined;
  /** Adds a receipt to an answer of a model, before it is sealed. */
  readonly attestAnswer: (request: ApiRequest, answer: ApiAnswer) => Promise<ApiAnswer>;
  /** Answers a request for the report on keys and models. */
  readonly report: (request: HttpRequest) => Promise<HttpResponse>;
  readonly onFault: (error: unknown) => void;
}

export interface ServiceHandler {
  readonly handler: HttpHandler;
  readonly bodyLimit: BodyLimit;
}

/** Every channel over one connection: attested TLS carries what is not sealed, and each kind of sealed request is opened by its own rules. */
export function createHandler(options: HandlerOptions): ServiceHandler {
  const { api, keysRenewed = async () => undefined, onFault } = options;
  const undated = new UndatedRequests({ ...options.context, renewed: keysRenewed, onFault });
  const context: ChannelContext = { ...options.context, undated };
  const sessions = new Sessions(context, options.sessions);
  const sealedBytes = context.maxBytes + sealingBytes;
  return Object.freeze<ServiceHandler>({
    async handler(request, call) {
      return (await answerUnsealed(options, request)) ?? answerSealed({ ...options, context, sessions }, request, call);
    },
    bodyLimit: (head) => (isSealed(head) ? sealedBytes : api.maxBodyBytes(head.method, head.path)),
  });
}

/** What strangers may ask: keys, and what proves them. */
async function answerUnsealed(
  { context, report }: HandlerOptions,
  request: HttpRequest,
): Promise<HttpResponse | undefined> {
  if (request.method !== 'GET') return undefined;
  const published = context.keys.published();
  if (request.path === ehbp.keysPath) {
    const newest = published.find(({ kem }) => kem === ehbpSuite.kem);
    return keysAnswer(newest === undefined ? new Uint8Array() : encodeKeyConfig(newest));
  }
  if (request.path === ohttpKeysPath) return keysAnswer(encodeKeyConfigList(current(published)));
  return request.path === reportPath ? report(request) : undefined;
}

/** The newest key of each KEM: clients take the first that they know. */
function current(published: readonly PublishedKey[]): readonly PublishedKey[] {
  return published.filter(({ kem }, at) => published.findIndex((key) => key.kem === kem) === at);
}

function keysAnswer(body: Uint8Array): HttpResponse {
  return { status: 200, headers: { 'content-type': keyConfigType, 'cache-control': 'no-store' }, body };
}

interface SealedOptions extends Omit<HandlerOptions, 'sessions'> {
  readonly context: ChannelContext;
  readonly sessions: Sessions;
}

async function answerSealed(options: SealedOptions, request: HttpRequest, { signal }: HttpCall): Promise<HttpResponse> {
  const { api, attestAnswer, onFault } = options;
  const arrived: SealedRequest = { ...request, signal };
  try {
    const opened = await open(options, arrived);
    if ('status' in opened) return opened;
    const answer = await attestAnswer(opened.request, await api.answer(opened.request));
    return await opened.seal(answer);
  } catch (error) {
    const refusal = openingRefusal(error, isEhbp(arrived));
    if (refusal !== undefined) return refusal;
    onFault(error);
    return { status: 500, headers: { 'content-type': 'application/json' }, body: '{"error":"The service failed."}' };
  }
}

async function open(
  { context, sessions }: SealedOptions,
  request: SealedRequest,
): Promise<OpenedRequest | HttpResponse> {
  const type = mediaTypeOf(request);
  if (request.method === 'POST' && request.path === ohttpPath) {
    return openOhttp(context, type === ohttpProfile.requestType ? ohttpProfile : chunkedOhttpProfile, request);
  }
  if (request.method === 'POST' && request.path === azurePath && type === azureOhttpProfile.requestType) {
    return openOhttp(context, azureOhttpProfile, request);
  }
  if (request.method === 'POST' && request.path === sessionPath) {
    return type === sessionTypes.open ? sessions.open(request) : sessions.receive(request);
  }
  if (isEhbp(request)) return openEhbp(context, request);
  return { request, seal: async ({ status, headers, body }) => ({ status, headers, body }) };
}

/** Whether the body of a request is sealed, known from its head. */
function isSealed(head: Pick<SealedRequest, 'method' | 'path' | 'headers'>): boolean {
  if (head.method !== 'POST') return false;
  return (
    head.path === ohttpPath ||
    head.path === sessionPath ||
    isEhbp(head) ||
    (head.path === azurePath && mediaTypeOf(head) === azureOhttpProfile.requestType)
  );
}

function mediaTypeOf({ headers }: Pick<SealedRequest, 'headers'>): string {
  return (headers.get('content-type')?.split(';', 1)[0] ?? '').trim().toLowerCase();
}
