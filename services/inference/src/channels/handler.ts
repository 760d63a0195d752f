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
import type { ChannelContext, ChannelOptions, OpenedRequest, SealedRequest } from './channel.ts';
import { openEhbp } from './ehbp.ts';
import { observedAnswer } from './observed.ts';
import { openOhttp } from './ohttp.ts';
import { openingRefusal } from './opening-refusal.ts';
import { Sessions, type SessionsOptions } from './sessions.ts';
import { UndatedRequests } from './undated.ts';
import { unsealedRoutes } from './unsealed.ts';

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
  /** Hears of each request, without its content. */
  readonly observer?: RequestObserver | undefined;
}

export interface ServiceHandler {
  readonly handler: HttpHandler;
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
  const unsealed = new Map(unsealedRoutes({ keys: context.keys, report }).map((route) => [route.path, route]));
  return Object.freeze<ServiceHandler>({
    async handler(request, call) {
      const finished = observer?.began() ?? (() => undefined);
      const route = request.method === 'GET' ? unsealed.get(request.path) : undefined;
      if (route === undefined) return answerSealed({ ...options, context, sessions, finished }, request, call);
      const answer = await route.answer(request);
      const outcome = answer.status === 200 ? 'ok' : `http-${answer.status}`;
      finished({ channel: 'tls', operation: route.operation, model: undefined, outcome, requestId: undefined });
      return answer;
    },
    sessions: () => sessions.size,
    bodyLimit: (head) => (isSealed(head) ? sealedBytes : api.maxBodyBytes(head.method, head.path)),
  });
}

interface SealedOptions extends Omit<HandlerOptions, 'sessions'> {
  readonly context: ChannelContext;
  readonly sessions: Sessions;
  readonly finished: (request: FinishedRequest) => void;
}

/** Of a request that did not open. */
const unopened: AnswerTrace = { operation: 'none', model: undefined, outcome: faultOutcome };
const sessionOpened: AnswerTrace = { operation: 'openSession', model: undefined, outcome: 'ok' };

async function answerSealed(options: SealedOptions, request: HttpRequest, { signal }: HttpCall): Promise<HttpResponse> {
  const { api, attestAnswer, finished, onFault } = options;
  const arrived: SealedRequest = { ...request, signal };
  const channel = channelOf(arrived);
  const tell = (trace: AnswerTrace, requestId?: string): void => finished({ channel, ...trace, requestId });
  try {
    const opened = await open(options, channel, arrived);
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
