import '../errors.ts';
import { errorJson, openAiErrorJson, openAiRefusalJson, type OpenAiErrorType } from '@enclos/open-inference';
import { jsonAnswer } from './answers.ts';
import type { ApiAnswer, ApiRequest } from './api-request.ts';
import { errorAnswerOf, type ErrorAnswer } from './errors-of.ts';
import { modelDigestName } from './find-model.ts';
import { modelKeyRoutes, type ModelKeyOptions } from './model-key-routes.ts';
import { faultOutcome } from '../metrics/request-observer.ts';
import type { ServedModelIdentity } from '../models/served-models.ts';
import { openAiRoutes, type OpenAiOptions } from './openai-routes.ts';
import { openInferenceRoutes, type OpenInferenceOptions } from './open-inference-routes.ts';
import { serviceDocument } from './openapi.ts';
import { predictRoutes, type PredictOptions } from './predict-routes.ts';
import { ApiRoutes, type ApiRoute } from './routes.ts';

export interface InferenceApiOptions extends OpenInferenceOptions, PredictOptions, OpenAiOptions, ModelKeyOptions {
  /** Hears of faults of the service itself. */
  readonly onFault: (error: unknown) => void;
}

/** All of what the service answers, for every channel. */
export interface InferenceApi {
  /** Never rejects. */
  answer(request: ApiRequest): Promise<ApiAnswer>;
  /** The bound of a body, known from the head of its request. */
  maxBodyBytes(method: string, path: string): number;
}

/** Every call that the API answers, by whatever channel. */
export function apiRoutes(options: InferenceApiOptions): readonly ApiRoute[] {
  return [
    ...openInferenceRoutes(options),
    ...predictRoutes(options),
    ...openAiRoutes(options),
    ...modelKeyRoutes(options),
    {
      operation: 'openapi',
      method: 'GET',
      path: '/openapi.json',
      errors: 'open-inference',
      answer: () => jsonAnswer(JSON.stringify(serviceDocument())),
    },
  ];
}

/** The operation of a request that found no route. */
const noOperation = 'unknown';

export function createInferenceApi(options: InferenceApiOptions): InferenceApi {
  const routes = new ApiRoutes(apiRoutes(options));
  return Object.freeze<InferenceApi>({
    maxBodyBytes: (method, path) => routes.maxBodyBytes(method, path),
    async answer(request) {
      let shape = shapeWithoutRoute(request.path);
      let operation = noOperation;
      let model: string | undefined;
      const onModel = ({ name }: ServedModelIdentity): void => void (model = name);
      try {
        const { route, parts } = routes.find(request.method, request.path);
        ({ errors: shape, operation } = route);
        const answer = withDigest(await route.answer({ ...request, onModel }, parts));
        return { ...answer, trace: { operation, model, outcome: 'ok' } };
      } catch (error) {
        const answer = errorAnswerOf(error);
        if (answer.isFault) options.onFault(error);
        const trace = { operation, model, outcome: answer.refusal?.code ?? faultOutcome };
        return { ...jsonAnswer(errorBody(answer, shape), answer.status, answer.headers), trace };
      }
    },
  });
}

/** Clients of OpenAI's API read errors in its shape alone, also where they call what is not here, such as `/v1/responses`. */
function shapeWithoutRoute(path: string): ApiRoute['errors'] {
  return path.startsWith('/v1/') ? 'openai' : 'open-inference';
}

function withDigest(answer: ApiAnswer): ApiAnswer {
  const { model } = answer;
  return model === undefined ? answer : { ...answer, headers: { ...answer.headers, [modelDigestName]: model.digest } };
}

function errorBody({ status, message, refusal }: ErrorAnswer, shape: ApiRoute['errors']): string {
  if (shape === 'predict') return JSON.stringify({ error_code: status, error_message: message });
  if (shape === 'open-inference') return errorJson(message);
  if (refusal !== undefined && status < 429) return openAiRefusalJson(refusal);
  return openAiErrorJson({ message, type: openAiType(status), code: refusal?.code });
}

function openAiType(status: number): OpenAiErrorType {
  if (status === 404) return 'not_found_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
