import { binaryType, jsonType } from '../oip/media-type.ts';
import { reference, type OpenApiObject } from './schemas.ts';

/** What the operations of these paths are about, for `tags` of a document. */
export const inferenceTags = Object.freeze([
  { name: 'protocol', description: 'Open Inference Protocol v2 over REST, with the binary tensor extension' },
  { name: 'repository', description: 'Which models there are, and loading and unloading them' },
  { name: 'openai', description: "Shapes of OpenAI's API" },
  { name: 'predict', description: 'The bodies of ONNX Runtime Server' },
] as const);

type Tag = (typeof inferenceTags)[number]['name'];
type ErrorStatus = 400 | 403 | 404 | 409 | 413 | 422 | 429 | 503 | 504;

interface OperationContent {
  readonly id: string;
  readonly summary: string;
  readonly tag: Tag;
  readonly body?: OpenApiObject;
  readonly answer: OpenApiObject | undefined;
  readonly errors: readonly ErrorStatus[];
  readonly parameters?: readonly OpenApiObject[];
}

const json = (name: string): OpenApiObject => ({ [jsonType]: { schema: reference(name) } });
const bytes = (description: string): OpenApiObject => ({ schema: { type: 'string', format: 'binary', description } });
const errorSchemas: Readonly<Record<Tag, string>> = {
  protocol: 'ProtocolError',
  repository: 'ProtocolError',
  openai: 'OpenAiError',
  predict: 'ProtocolError',
};
const descriptions: Readonly<Record<ErrorStatus, string>> = {
  400: 'The request is wrong',
  403: 'Clients of this server may not do this',
  404: 'There is no such model or version',
  409: 'The model is not the one that the client expects',
  413: 'The request is larger than a limit',
  422: 'The model does not compute with these inputs',
  429: 'There are too many requests',
  503: 'Not now: try again',
  504: 'It took too long: try again',
};

const inPath = (name: string): OpenApiObject => ({ name, in: 'path', required: true, schema: { type: 'string' } });
const headerLength = {
  name: 'Inference-Header-Content-Length',
  in: 'header',
  required: false,
  schema: { type: 'integer', minimum: 0 },
  description: 'Bytes of JSON, which tensors in binary follow. 0: the body is the data of the only input.',
};
const binaryBody = { [binaryType]: bytes('JSON, and then tensors in binary, in the order of the JSON') };
const messages: OpenApiObject = {
  'application/x-protobuf': bytes('A message of predict.proto'),
  'application/vnd.google.protobuf': bytes('A message of predict.proto'),
  [binaryType]: bytes('A message of predict.proto'),
};

const inferErrors = [400, 404, 409, 413, 422, 429, 503, 504] as const;

/** Two paths of a model: without a version and with one. */
function versioned(
  suffix: string,
  content: OperationContent,
  method: 'get' | 'post',
): Readonly<Record<string, OpenApiObject>> {
  const of = (id: string): OpenApiObject => ({ [method]: operation({ ...content, id }) });
  return {
    [`/v2/models/{model}${suffix}`]: { parameters: [inPath('model')], ...of(content.id) },
    [`/v2/models/{model}/versions/{version}${suffix}`]: {
      parameters: [inPath('model'), inPath('version')],
      ...of(`${content.id}OfVersion`),
    },
  };
}

function operation({ id, summary, tag, body, answer, errors, parameters }: OperationContent): OpenApiObject {
  const error = { content: json(errorSchemas[tag]) };
  return {
    operationId: id,
    summary,
    tags: [tag],
    ...(parameters === undefined ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: body } }),
    responses: {
      200: { description: 'Done', ...(answer === undefined ? {} : { content: answer }) },
      ...Object.fromEntries(errors.map((status) => [status, { description: descriptions[status], ...error }])),
    },
  };
}

const protocolPaths: Readonly<Record<string, OpenApiObject>> = {
  '/v2': {
    get: operation({
      id: 'serverMetadata',
      summary: 'What the server is',
      tag: 'protocol',
      answer: json('ServerMetadata'),
      errors: [429],
    }),
  },
  '/v2/health/live': {
    get: operation({
      id: 'serverLive',
      summary: 'Whether the server answers',
      tag: 'protocol',
      answer: json('Live'),
      errors: [429],
    }),
  },
  '/v2/health/ready': {
    get: operation({
      id: 'serverReady',
      summary: 'Whether all models are ready',
      tag: 'protocol',
      answer: json('Ready'),
      errors: [429, 503],
    }),
  },
  ...versioned(
    '',
    {
      id: 'modelMetadata',
      summary: 'Inputs and outputs of a model',
      tag: 'protocol',
      answer: json('ModelMetadata'),
      errors: [404],
    },
    'get',
  ),
  ...versioned(
    '/ready',
    {
      id: 'modelReady',
      summary: 'Whether a model is ready',
      tag: 'protocol',
      answer: json('ModelReady'),
      errors: [404, 503],
    },
    'get',
  ),
  ...versioned(
    '/infer',
    {
      id: 'infer',
      summary: 'Outputs of a model for these inputs',
      tag: 'protocol',
      parameters: [headerLength],
      body: { ...json('InferRequest'), ...binaryBody },
      answer: { ...json('InferResponse'), ...binaryBody },
      errors: inferErrors,
    },
    'post',
  ),
};

const changeOf = (id: string, summary: string): OpenApiObject => ({
  parameters: [inPath('model')],
  post: {
    ...operation({ id, summary, tag: 'repository', answer: undefined, errors: [400, 403, 404] }),
    requestBody: { required: false, content: json('RepositoryRequest') },
  },
});

const repositoryPaths: Readonly<Record<string, OpenApiObject>> = {
  '/v2/repository/index': {
    post: {
      ...operation({
        id: 'repositoryIndex',
        summary: 'The models and their states',
        tag: 'repository',
        answer: json('RepositoryIndex'),
        errors: [400],
      }),
      requestBody: { required: false, content: json('RepositoryIndexRequest') },
    },
  },
  '/v2/repository/models/{model}/load': changeOf('loadModel', 'Loads a model, or loads it again'),
  '/v2/repository/models/{model}/unload': changeOf('unloadModel', 'Unloads a model'),
};

const openAiPaths: Readonly<Record<string, OpenApiObject>> = {
  '/v1/models': {
    get: operation({
      id: 'listModels',
      summary: 'The models',
      tag: 'openai',
      answer: json('ModelList'),
      errors: [429],
    }),
  },
  '/v1/models/{model}': {
    parameters: [inPath('model')],
    get: operation({ id: 'getModel', summary: 'One model', tag: 'openai', answer: json('Model'), errors: [404] }),
  },
  '/v1/embeddings': {
    post: operation({
      id: 'createEmbeddings',
      summary: 'Vectors of texts or tokens',
      tag: 'openai',
      body: json('EmbeddingsRequest'),
      answer: json('Embeddings'),
      errors: inferErrors,
    }),
  },
  '/v1/chat/completions': {
    post: operation({
      id: 'createChatCompletion',
      summary: 'The next message of a conversation, at once or as a stream',
      tag: 'openai',
      body: json('ChatRequest'),
      answer: { ...json('ChatCompletion'), 'text/event-stream': { schema: reference('ChatChunk') } },
      errors: inferErrors,
    }),
  },
};

const predictContent: Omit<OperationContent, 'id'> = {
  summary: 'Outputs of a model for these inputs, as ONNX Runtime Server has them',
  tag: 'predict',
  body: { ...json('PredictRequest'), ...messages },
  answer: { ...json('PredictResponse'), ...messages },
  errors: inferErrors,
};

const predictPaths: Readonly<Record<string, OpenApiObject>> = {
  '/v1/models/{model}:predict': {
    parameters: [inPath('model')],
    post: operation({ ...predictContent, id: 'predict' }),
  },
  '/v1/models/{model}/versions/{version}:predict': {
    parameters: [inPath('model'), inPath('version')],
    post: operation({ ...predictContent, id: 'predictOfVersion' }),
  },
  '/score': { post: operation({ ...predictContent, id: 'score' }) },
};

/**
 * For `paths` of an OpenAPI 3.1 document, whose `security` they take. A server that lacks some, such as the repository, leaves them
 * out by their path.
 */
export const inferencePaths: Readonly<Record<string, OpenApiObject>> = Object.freeze({
  ...protocolPaths,
  ...repositoryPaths,
  ...openAiPaths,
  ...predictPaths,
});
