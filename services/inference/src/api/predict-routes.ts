import {
  parsePredictRequest,
  predictAnswerType,
  predictFormOf,
  predictResponseBody,
  type TensorLimits,
} from '@enclos/open-inference';
import type { ApiAnswer, ApiRequest } from './api-request.ts';
import { findModel } from './find-model.ts';
import type { ApiRoute } from './routes.ts';
import type { ServedModels } from '../models/served-models.ts';

export interface PredictOptions {
  readonly models: ServedModels;
  readonly maxInferBytes: number;
  readonly tensorLimits: TensorLimits;
  /** The model of `/score`, which names none. */
  readonly scoreModel?: string | undefined;
}

/** The API of ONNX Runtime Server, and the bodies that Microsoft's confidential server took inside its encryption at `/score`. */
export function predictRoutes({
  models,
  maxInferBytes,
  tensorLimits,
  scoreModel,
}: PredictOptions): readonly ApiRoute[] {
  const predict = (operation: string, path: string, modelOf: (name: string) => string): ApiRoute => ({
    operation,
    method: 'POST',
    path,
    errors: 'predict',
    maxBodyBytes: maxInferBytes,
    answer: (request, { name = '', version }) =>
      answer({ models, tensorLimits }, request, { name: modelOf(name), version }),
  });
  return [
    predict('predict', '/v1/models/{name}[/versions/{version}]:predict', (name) => name),
    ...(scoreModel === undefined ? [] : [predict('score', '/score', () => scoreModel)]),
  ];
}

async function answer(
  { models, tensorLimits }: Pick<PredictOptions, 'models' | 'tensorLimits'>,
  request: ApiRequest,
  wanted: { readonly name: string; readonly version?: string | undefined },
): Promise<ApiAnswer> {
  const form = predictFormOf(request.headers.get('content-type'));
  const contentType = predictAnswerType(request.headers.get('accept'), form);
  const model = findModel(models, request, wanted);
  const { inputs, outputFilter } = parsePredictRequest(request.body, form, tensorLimits);
  const outputs = await model.run(inputs, { outputs: outputFilter, signal: request.signal });
  return {
    status: 200,
    headers: { 'content-type': contentType },
    body: predictResponseBody(outputs, contentType),
    model,
  };
}
