import '../errors.ts';
import { azureOhttpProfile, chunkedOhttpProfile, ohttpProfile, sessionTypes } from '@enclos/hpke';
import { isEnclosError } from '@enclos/errors';
import type { BodyLimit, HttpCall, HttpHandler, HttpRequest, HttpResponse } from '@enclos/http';
import type { AnswerTrace, ApiAnswer, ApiRequest } from '../api/api-request.ts';
import type { InferenceApi } from '../api/inference-api.ts';
import {
  faultOutcome,
  type ChannelName,
  type FinishedRequest,
  type RequestObserver,
} from '../metrics/request-observer.ts';
import { receiptNames } from '../receipt-names.ts';
import { channelOf, isSealed, mediaTypeOf } from './channel-of.ts';
import {
  misdirected,
  type ChannelContext,
  type ChannelOptions,
  type OpenedRequest,
  type SealedRequest,
} from './channel.ts';
import { openEhbp } from './ehbp.ts';
import { observedAnswer } from './observed.ts';
import { openOhttp } from './ohttp.ts';
import { openingRefusal } from './opening-refusal.ts';
import { Sessions, type SessionsOptions } from './sessions.ts';
import { UndatedRequests } from './undated.ts';
import { reportPath, unsealedRoutes, type UnsealedRoute } from './unsealed.ts';

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
  /** Other replicas of this service, each with its own keys. */
  readonly replicas?: OtherReplicas | undefined;
  readonly onFault: (error: unknown) => void;
  /** Hears of each request, without its content. */
  readonly observer?: RequestObserver | undefined;
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
  /** How many sessions are open. */
  readonly sessions: () => number;
}

/** Every channel over one connection: attested TLS carries what is not sealed, and each kind of sealed request is opened by its own rules. */
export function createHandler(options: HandlerOptions): ServiceHandler {
  const { api, report, observer, keysRenewed = async () => undefined, onFault } = options;
  const undated = new UndatedRequests({ ...options.context, renewed: keysRenewed, onFault });
  const context: ChannelContext = { ...options.context, undated };
  const sessions = new Sessions(context, options.sessions);
  const sealedBytes = context.maxBytes + sealingBytes;
  const own = { ...options, context, sessions };
  const began = (): ((request: FinishedRequest) => void) => observer?.began() ?? (() => undefined);
  const unsealed = new Map(unsealedRoutes({ keys: context.keys, report }).map((route) => [route.path, route]));
  const answerUnsealed = async (route: UnsealedRoute, request: HttpRequest, call?: HttpCall): Promise<HttpResponse> => {
    const finished = began();
    let outcome = faultOutcome;
    try {
      const named =
        call !== undefined && route.path === reportPath ? await reportOfNamed(options, request, call) : undefined;
      const answer = named ?? (await route.answer(request));
      outcome = outcomeOf(answer);
      return answer;
    } finally {
      finished({ channel: 'tls', operation: route.operation, model: undefined, outcome, requestId: undefined });
    }
  };
  const unsealedRouteOf = ({ method, path }: HttpRequest): UnsealedRoute | undefined =>
    method === 'GET' ? unsealed.get(path) : undefined;
  return Object.freeze<ServiceHandler>({
    async handler(request, call) {
      const route = unsealedRouteOf(request);
      if (route !== undefined) return answerUnsealed(route, request, call);
      return answerSealed({ ...own, finished: began() }, request, call);
    },
    async fromReplica(request, call) {
      const route = request.path === reportPath ? unsealedRouteOf(request) : undefined;
      if (route !== undefined) return answerUnsealed(route, request);
      if (!isSealed(request)) return { status: misdirected };
      return answerSealed({ ...own, replicas: noOther, finished: began() }, request, call);
    },
    hasSession: (id) => sessions.has(id),
    sessions: () => sessions.size,
    bodyLimit: (head) => (isSealed(head) ? sealedBytes : api.maxBodyBytes(head.method, head.path)),
  });
}

/** Among replicas a request is sent on once. */
const noOther: OtherReplicas = { named: async () => undefined, elsewhere: async () => ({ status: misdirected }) };

/** The report of the replica that a client means. Without that replica any report is as good. */
async function reportOfNamed(
  { replicas }: HandlerOptions,
  request: HttpRequest,
  call: HttpCall,
): Promise<HttpResponse | undefined> {
  return replicas?.named(request, call).catch(() => undefined);
}

const outcomeOf = ({ status }: HttpResponse): string => (status === 200 ? 'ok' : `http-${status}`);

interface SealedOptions extends Omit<HandlerOptions, 'sessions'> {
  readonly context: ChannelContext;
  readonly sessions: Sessions;
  readonly finished: (request: FinishedRequest) => void;
}

/** What is told of a request that did not open. */
const unopened: AnswerTrace = { operation: 'none', model: undefined, outcome: faultOutcome };
const sessionOpened: AnswerTrace = { operation: 'openSession', model: undefined, outcome: 'ok' };

async function answerSealed(options: SealedOptions, request: HttpRequest, call: HttpCall): Promise<HttpResponse> {
  const { api, attestAnswer, finished, onFault, replicas } = options;
  const { signal } = call;
  const arrived: SealedRequest = { ...request, signal };
  const channel = channelOf(arrived);
  const tell = (trace: AnswerTrace, requestId?: string): void => finished({ channel, ...trace, requestId });
  try {
    const named = isSealed(request) ? await replicas?.named(request, call) : undefined;
    const opened = named === undefined ? await openOrForward(options, channel, arrived) : { forwarded: named };
    if ('forwarded' in opened) {
      tell({ operation: 'forward', model: undefined, outcome: outcomeOf(opened.forwarded) });
      return opened.forwarded;
    }
    if ('status' in opened) {
      tell(sessionOpened);
      return opened;
    }
    const answer = await attestAnswer(opened.request, await api.answer(opened.request));
    const { body, headers, trace = unopened } = answer;
    const requestId = headers[receiptNames.requestId];
    const sealed = await opened.seal(
      observedAnswer(answer, signal, (outcome) => tell({ ...trace, outcome }, requestId)),
    );
    if (body instanceof Uint8Array) tell(trace, requestId);
    return sealed;
  } catch (error) {
    const refusal = openingRefusal(error, channel === 'ehbp');
    if (refusal === undefined) onFault(error);
    tell(refusal !== undefined && isEnclosError(error) ? { ...unopened, outcome: error.code } : unopened);
    return refusal ?? failed;
  }
}

const failed: HttpResponse = Object.freeze({
  status: 500,
  headers: { 'content-type': 'application/json' },
  body: '{"error":"The service failed."}',
});

/** These may be said of a request whose key another replica has. */
const mayBeElsewhere = new Set(['HPKE_KEY_STALE', 'HPKE_OPEN_FAILED', 'HPKE_SESSION_GONE']);

interface ForwardedRequest {
  readonly forwarded: HttpResponse;
}

/** @throws the reason for which the request does not open here, when it opens nowhere else */
async function openOrForward(
  options: SealedOptions,
  channel: ChannelName,
  request: SealedRequest,
): Promise<OpenedRequest | HttpResponse | ForwardedRequest> {
  try {
    return await open(options, channel, request);
  } catch (error) {
    if (!isEnclosError(error) || !mayBeElsewhere.has(error.code)) throw error;
    const forwarded = await options.replicas?.elsewhere(request);
    if (forwarded === undefined) throw error;
    return { forwarded };
  }
}

async function open(
  { context, sessions }: SealedOptions,
  channel: ChannelName,
  request: SealedRequest,
): Promise<OpenedRequest | HttpResponse> {
  switch (channel) {
    case 'ohttp':
      return openOhttp(context, ohttpProfile, request);
    case 'ohttp-chunked':
      return openOhttp(context, chunkedOhttpProfile, request);
    case 'azure':
      return openOhttp(context, azureOhttpProfile, request);
    case 'session':
      return mediaTypeOf(request) === sessionTypes.open ? sessions.open(request) : sessions.receive(request);
    case 'ehbp':
      return openEhbp(context, request);
    case 'tls':
      return { request, seal: async ({ status, headers, body }) => ({ status, headers, body }) };
  }
}
