import { datatypes } from '../tensors/datatype.ts';

export type OpenApiObject = Readonly<Record<string, unknown>>;

const string = { type: 'string' } as const;
const integer = { type: 'integer' } as const;
const boolean = { type: 'boolean' } as const;
const number = { type: 'number' } as const;

export const reference = (name: string): OpenApiObject => ({ $ref: `#/components/schemas/${name}` });
const arrayOf = (items: OpenApiObject): OpenApiObject => ({ type: 'array', items });
const nullable = (type: string): OpenApiObject => ({ type: [type, 'null'] });

function object(properties: OpenApiObject, required: readonly string[] = Object.keys(properties)): OpenApiObject {
  return { type: 'object', properties, required };
}

/** Other members are refused. */
function closedObject(properties: OpenApiObject, required: readonly string[]): OpenApiObject {
  return { ...object(properties, required), additionalProperties: false };
}

const parameters = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'boolean'] },
  description: 'Values that are not nested. Parameters that would change the answer are refused.',
};

/** The schemas of the Open Inference Protocol: those of its OpenAPI document, as strict as the parsers. */
const protocolSchemas: OpenApiObject = {
  ServerMetadata: object({ name: string, version: string, extensions: arrayOf(string) }),
  ModelMetadata: object(
    {
      name: string,
      versions: arrayOf(string),
      platform: string,
      inputs: arrayOf(reference('TensorMetadata')),
      outputs: arrayOf(reference('TensorMetadata')),
    },
    ['name', 'platform', 'inputs', 'outputs'],
  ),
  TensorMetadata: object({
    name: string,
    datatype: reference('Datatype'),
    shape: { ...arrayOf({ type: 'integer', minimum: -1 }), description: '-1 is a dimension of any size.' },
  }),
  Datatype: { type: 'string', enum: datatypes },
  Live: object({ live: boolean }),
  Ready: object({ ready: boolean }),
  ModelReady: object({ name: string, ready: boolean }),
  Parameters: parameters,
  TensorData: {
    type: 'array',
    items: { anyOf: [reference('TensorData'), number, string, boolean] },
    description:
      'The elements in row-major order, flat or nested by the shape. NaN and infinities need the binary extension.',
  },
  Tensor: closedObject(
    {
      name: string,
      shape: arrayOf({ type: 'integer', minimum: 0 }),
      datatype: reference('Datatype'),
      parameters: reference('Parameters'),
      data: reference('TensorData'),
    },
    ['name', 'shape', 'datatype'],
  ),
  RequestedOutput: closedObject({ name: string, parameters: reference('Parameters') }, ['name']),
  InferRequest: closedObject(
    {
      id: string,
      model_name: string,
      parameters: reference('Parameters'),
      inputs: arrayOf(reference('Tensor')),
      outputs: arrayOf(reference('RequestedOutput')),
    },
    ['inputs'],
  ),
  InferResponse: object(
    {
      model_name: string,
      model_version: string,
      id: string,
      parameters: reference('Parameters'),
      outputs: arrayOf(reference('Tensor')),
    },
    ['model_name', 'outputs'],
  ),
  ProtocolError: object({ error: string }),
  RepositoryIndexRequest: object({ ready: boolean }, []),
  RepositoryIndex: arrayOf(
    object({
      name: string,
      version: string,
      state: { type: 'string', enum: ['UNAVAILABLE', 'LOADING', 'UNLOADING', 'READY'] },
      reason: string,
    }),
  ),
  RepositoryRequest: closedObject({ parameters: reference('Parameters') }, []),
};

const integers64 = arrayOf({ type: ['string', 'integer'] });

const predictSchemas: OpenApiObject = {
  OnnxTensor: object(
    {
      dims: integers64,
      dataType: { type: 'integer', description: 'TensorProto.DataType of onnx.proto' },
      rawData: { type: 'string', contentEncoding: 'base64' },
      floatData: arrayOf({ type: ['number', 'string'] }),
      doubleData: arrayOf({ type: ['number', 'string'] }),
      int32Data: arrayOf({ type: ['string', 'integer'] }),
      int64Data: integers64,
      uint64Data: integers64,
      stringData: arrayOf({ type: 'string', contentEncoding: 'base64' }),
      dataLocation: { enum: ['DEFAULT', 0] },
    },
    ['dataType'],
  ),
  PredictRequest: object(
    { inputs: { type: 'object', additionalProperties: reference('OnnxTensor') }, outputFilter: arrayOf(string) },
    ['inputs'],
  ),
  PredictResponse: object({ outputs: { type: 'object', additionalProperties: reference('OnnxTensor') } }),
};

const openAiSchemas: OpenApiObject = {
  Model: object({ id: string, object: { const: 'model' }, created: integer, owned_by: string }),
  ModelList: object({ object: { const: 'list' }, data: arrayOf(reference('Model')) }),
  EmbeddingsRequest: object(
    {
      model: string,
      input: { anyOf: [string, arrayOf({ anyOf: [string, integer, arrayOf(integer)] })] },
      encoding_format: { type: ['string', 'null'], enum: ['float', 'base64', null] },
      dimensions: nullable('integer'),
      user: nullable('string'),
    },
    ['model', 'input'],
  ),
  Embeddings: object({
    object: { const: 'list' },
    data: arrayOf(
      object({ object: { const: 'embedding' }, index: integer, embedding: { anyOf: [arrayOf(number), string] } }),
    ),
    model: string,
    usage: object({ prompt_tokens: integer, total_tokens: integer }),
  }),
  ChatMessage: object(
    {
      role: { type: 'string', enum: ['system', 'developer', 'user', 'assistant'] },
      content: {
        anyOf: [string, arrayOf(object({ type: { const: 'text' }, text: string }))],
      },
      name: nullable('string'),
    },
    ['role', 'content'],
  ),
  ChatRequest: object(
    {
      model: string,
      messages: arrayOf(reference('ChatMessage')),
      max_completion_tokens: nullable('integer'),
      max_tokens: nullable('integer'),
      temperature: { type: ['number', 'null'], minimum: 0, maximum: 2 },
      top_p: { type: ['number', 'null'], minimum: 0, maximum: 1 },
      stop: { anyOf: [string, arrayOf(string), { type: 'null' }] },
      seed: nullable('integer'),
      n: { enum: [1, null] },
      stream: nullable('boolean'),
      stream_options: {
        anyOf: [object({ include_usage: boolean, include_obfuscation: boolean }, []), { type: 'null' }],
      },
    },
    ['model', 'messages'],
  ),
  ChatUsage: object({ prompt_tokens: integer, completion_tokens: integer, total_tokens: integer }),
  ChatCompletion: object({
    id: string,
    object: { const: 'chat.completion' },
    created: integer,
    model: string,
    choices: arrayOf(
      object({
        index: integer,
        message: object({ role: { const: 'assistant' }, content: string, refusal: { type: 'null' } }),
        logprobs: { type: 'null' },
        finish_reason: { type: 'string', enum: ['stop', 'length'] },
      }),
    ),
    usage: reference('ChatUsage'),
  }),
  ChatChunk: {
    ...object(
      {
        id: string,
        object: { const: 'chat.completion.chunk' },
        created: integer,
        model: string,
        choices: arrayOf(
          object({
            index: integer,
            delta: object({ role: { const: 'assistant' }, content: string }, []),
            logprobs: { type: 'null' },
            finish_reason: { enum: ['stop', 'length', null] },
          }),
        ),
        usage: { anyOf: [reference('ChatUsage'), { type: 'null' }] },
      },
      ['id', 'object', 'created', 'model', 'choices'],
    ),
    description: 'The data of each event of a stream, but for the last one, which is [DONE].',
  },
  OpenAiError: object({
    error: object({ message: string, type: string, param: nullable('string'), code: nullable('string') }),
  }),
};

/** For `components.schemas` of an OpenAPI 3.1 document. */
export const inferenceSchemas: OpenApiObject = Object.freeze({
  ...protocolSchemas,
  ...predictSchemas,
  ...openAiSchemas,
});
