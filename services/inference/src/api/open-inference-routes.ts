import { EnclosError } from '@enclos/errors';
import {
  headerLengthName,
  indexJson,
  inferResponseBody,
  liveJson,
  modelMetadataJson,
  modelReadyJson,
  onnxPlatform,
  parseIndexRequest,
  parseInferRequest,
  parseLoadRequest,
  parseUnloadRequest,
  readHeaderLength,
  readyJson,
  serverExtensions,
  serverMetadataJson,
  type RepositoryEntry,
  type TensorLimits,
} from '@enclos/open-inference';
import { jsonAnswer, tensorAnswer } from './answers.ts';
import type { ApiAnswer, ApiRequest } from './api-request.ts';
import { findModel, refuseAbsent } from './find-model.ts';
import { routesWith, type ApiRoute, type PathParts } from './routes.ts';
import type { ServedModels } from '../models/served-models.ts';

/** A body that says little. */
const smallBodyBytes = 65_536;

export interface OpenInferenceOptions {
  readonly models: ServedModels;
  /** What `GET v2` says. */
  readonly server: { readonly name: string; readonly version: string };
  /** Whether any client may load and unload models. */
  readonly clientsChangeModels: boolean;
  /** The most bytes of a request with tensors. */
  readonly maxInferBytes: number;
  /** Bounds what is read and written one element after the other, which the loop of the service waits for. */
  readonly tensorLimits: TensorLimits;
}

/** The Open Inference Protocol, with the binary tensor extension and the repository. */
export function openInferenceRoutes(options: OpenInferenceOptions): readonly ApiRoute[] {
  const { models, server, maxInferBytes, clientsChangeModels, tensorLimits } = options;
  const model = '/v2/models/{name}[/versions/{version}]';
  const route = routesWith('open-inference');
  const changed = async (change: () => Promise<void>): Promise<ApiAnswer> => {
    if (!clientsChangeModels) throw new EnclosError('INFERENCE_FORBIDDEN');
    await change();
    return jsonAnswer('{}');
  };
  return [
    route(['serverMetadata', 'GET', '/v2[/]'], () =>
      jsonAnswer(serverMetadataJson({ ...server, extensions: serverExtensions })),
    ),
    route(['serverLive', 'GET', '/v2/health/live'], () => jsonAnswer(liveJson)),
    route(['serverReady', 'GET', '/v2/health/ready'], () =>
      jsonAnswer(readyJson(models.isReady), models.isReady ? 200 : 503),
    ),
    route(['modelMetadata', 'GET', model], (request, parts) => metadata(models, request, parts)),
    route(['modelReady', 'GET', `${model}/ready`], (_, parts) => ready(models, parts)),
    route(
      ['infer', 'POST', `${model}/infer`],
      (request, parts) => infer(models, { request, parts, limits: tensorLimits }),
      maxInferBytes,
    ),
    route(
      ['repositoryIndex', 'POST', '/v2/repository/index'],
      ({ body }) => jsonAnswer(indexJson(index(models, body))),
      smallBodyBytes,
    ),
    route(
      ['loadModel', 'POST', '/v2/repository/models/{name}/load'],
      ({ body }, { name = '' }) => {
        parseLoadRequest(body);
        return changed(() => models.load(name));
      },
      smallBodyBytes,
    ),
    route(
      ['unloadModel', 'POST', '/v2/repository/models/{name}/unload'],
      ({ body }, { name = '' }) => {
        parseUnloadRequest(body);
        return changed(() => models.unload(name));
      },
      smallBodyBytes,
    ),
  ];
}

function metadata(models: ServedModels, request: ApiRequest, { name = '', version }: PathParts): ApiAnswer {
  const { inputs, outputs } = findModel(models, request, { name, version });
  const versions = models.list().flatMap((one) => (one.name === name ? [one.version] : []));
  return jsonAnswer(modelMetadataJson({ name, versions, platform: onnxPlatform, inputs, outputs }));
}

function ready(models: ServedModels, { name = '', version }: PathParts): ApiAnswer {
  const found = models.find(name, version) ?? refuseAbsent(models, { name, version });
  return jsonAnswer(modelReadyJson(name, found.isUsable), found.isUsable ? 200 : 503);
}

interface InferCall {
  readonly request: ApiRequest;
  readonly parts: PathParts;
  readonly limits: TensorLimits;
}

async function infer(models: ServedModels, { request, parts, limits }: InferCall): Promise<ApiAnswer> {
  const { name = '', version } = parts;
  const model = findModel(models, request, { name, version });
  const headerLength = readHeaderLength(request.headers.get(headerLengthName));
  const asked = parseInferRequest(request.body, { headerLength, limits, modelInputs: model.inputs });
  if (asked.modelName !== undefined && asked.modelName !== name) {
    throw new EnclosError('INFERENCE_MESSAGE_INVALID', 'model_name is not the model of the path.');
  }
  const outputs = await model.run(asked.inputs, {
    outputs: asked.outputs.map((output) => output.name),
    signal: request.signal,
  });
  const answer = { modelName: name, modelVersion: model.version, id: asked.id, outputs };
  return tensorAnswer(inferResponseBody(answer, asked, limits), model);
}

function index(models: ServedModels, body: Uint8Array): readonly RepositoryEntry[] {
  const { onlyReady } = parseIndexRequest(body);
  const loaded = models.list().map(({ name, version, isUsable }) => {
    const state = isUsable ? ('READY' as const) : ('UNAVAILABLE' as const);
    return { name, version, state, reason: isUsable ? '' : 'its engines failed to load it' };
  });
  const others = models.loadable.map(({ name, version, isExpected, reason }) => {
    const state = isExpected ? ('LOADING' as const) : ('UNAVAILABLE' as const);
    return { name, version, state, reason };
  });
  return [...loaded, ...others].filter(({ state }) => !onlyReady || state === 'READY');
}
