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
import { isEnclosError } from '@enclos/errors';
import type { BodyLimit, HttpCall, HttpHandler, HttpRequest, HttpResponse } from '@enclos/http';
import type { ApiAnswer, ApiRequest } from '../api/api-request.ts';
import type { InferenceApi } from '../api/inference-api.ts';
import { misdirected } from './channel.ts';
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
  /** Other replicas of this service, which have keys of their own. */
  readonly replicas?: OtherReplicas | undefined;
  readonly onFault: (error: unknown) => void;
}

/** What sends a request to the replica that can answer it. Undefined: none can. @throws INFERENCE_REPLICA_LOST */
export interface OtherReplicas {
  named(request: HttpRequest, call: HttpCall): Promise<HttpResponse | undefined>;
  elsewhere(request: SealedRequest): Promise<HttpResponse | undefined>;
}

export interface ServiceHandler {
  readonly handler: HttpHandler;
  /** Answers what another replica sends here, and never sends it on: 421 for what is not for this replica. */
  readonly fromReplica: HttpHandler;
  readonly hasSession: (id: string) => boolean;
  readonly bodyLimit: BodyLimit;
}

/** Every channel over one connection: attested TLS carries what is not sealed, and each kind of sealed request is opened by its own rules. */
export function createHandler(options: HandlerOptions): ServiceHandler {
  const { api, keysRenewed = async () => undefined, onFault } = options;
  const undated = new UndatedRequests({ ...options.context, renewed: keysRenewed, onFault });
  const context: ChannelContext = { ...options.context, undated };
  const sessions = new Sessions(context, options.sessions);
  const sealedBytes = context.maxBytes + sealingBytes;
  const own: SealedOptions = { ...options, context, sessions };
  return Object.freeze<ServiceHandler>({
    async handler(request, call) {
      if (isReportRequest(request)) return (await reportOfNamed(options, request, call)) ?? options.report(request);
      return (await answerUnsealed(options, request)) ?? answerSealed(own, request, call);
    },
    async fromReplica(request, call) {
      if (isReportRequest(request)) return options.report(request);
      return isSealed(request) ? answerSealed({ ...own, replicas: noOther }, request, call) : { status: misdirected };
    },
    hasSession: (id) => sessions.has(id),
    bodyLimit: (head) => (isSealed(head) ? sealedBytes : api.maxBodyBytes(head.method, head.path)),
  });
}

/** Among replicas a request is sent on once. */
const noOther: OtherReplicas = { named: async () => undefined, elsewhere: async () => ({ status: misdirected }) };

/** What strangers may ask: keys, and what proves them. */
async function answerUnsealed({ context }: HandlerOptions, request: HttpRequest): Promise<HttpResponse | undefined> {
  if (request.method !== 'GET') return undefined;
  const published = context.keys.published();
  if (request.path === ehbp.keysPath) {
    const newest = published.find(({ kem }) => kem === ehbpSuite.kem);
    return keysAnswer(newest === undefined ? new Uint8Array() : encodeKeyConfig(newest));
  }
  if (request.path === ohttpKeysPath) return keysAnswer(encodeKeyConfigList(current(published)));
  return undefined;
}

const isReportRequest = ({ method, path }: HttpRequest): boolean => method === 'GET' && path === reportPath;

/** The report of the replica that a client means. Without that replica any report is as good. */
async function reportOfNamed(
  { replicas }: HandlerOptions,
  request: HttpRequest,
  call: HttpCall,
): Promise<HttpResponse | undefined> {
  return replicas?.named(request, call).catch(() => undefined);
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

async function answerSealed(options: SealedOptions, request: HttpRequest, call: HttpCall): Promise<HttpResponse> {
  const { api, attestAnswer, onFault, replicas } = options;
  const arrived: SealedRequest = { ...request, signal: call.signal };
  try {
    const named = isSealed(request) ? await replicas?.named(request, call) : undefined;
    if (named !== undefined) return named;
    const opened = await open(options, arrived).catch((error: unknown) => openElsewhere(options, arrived, error));
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

/** These may be said of a request whose key another replica has. */
const mayBeElsewhere = new Set(['HPKE_KEY_STALE', 'HPKE_OPEN_FAILED', 'HPKE_SESSION_GONE']);

/** @throws the reason for which the request does not open here, when it opens nowhere else */
async function openElsewhere(
  { replicas }: SealedOptions,
  request: SealedRequest,
  error: unknown,
): Promise<HttpResponse> {
  const answer =
    isEnclosError(error) && mayBeElsewhere.has(error.code) ? await replicas?.elsewhere(request) : undefined;
  if (answer === undefined) throw error;
  return answer;
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
