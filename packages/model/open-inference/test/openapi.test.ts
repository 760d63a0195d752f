import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject, parseJson } from '@enclos/codec/json';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import {
  chatCompletionEvents,
  chatCompletionJson,
  embeddingsJson,
  errorJson,
  indexJson,
  inferRequestBody,
  inferResponseBody,
  liveJson,
  modelMetadataJson,
  modelReadyJson,
  modelsJson,
  onnxPlatform,
  openAiErrorJson,
  predictRequestBody,
  predictResponseBody,
  readyJson,
  serverMetadataJson,
  streamEnd,
  wholeBody,
  type ChatPiece,
} from '../src/index.ts';
import { inferencePaths, inferenceSchemas, inferenceTags } from '../src/openapi/index.ts';
import { SchemaChecker } from './schema.ts';
import { awkwardTensors } from './tensors.ts';

const document = {
  openapi: '3.1.0',
  info: {
    title: 'Inference',
    version: '1',
    license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
  },
  servers: [{ url: 'https://{host}', variables: { host: { default: 'localhost' } } }],
  security: [{ bearer: [] }],
  tags: inferenceTags,
  paths: inferencePaths,
  components: { schemas: inferenceSchemas, securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
};

const parsed = parseJson(JSON.stringify(inferenceSchemas), 1_000_000);
assert.ok(isJsonObject(parsed));
const checker = new SchemaChecker(parsed);
const check = (name: string, text: string): readonly string[] => checker.check(name, parseJson(text, 1_000_000));
const compare = (left: string, right: string): number => (left < right ? -1 : 1);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test('a document of these parts has no complaint of the linter', async () => {
  const config = await createConfig({ extends: ['recommended'] });
  const found = await lintFromString({ source: JSON.stringify(document), config });
  assert.deepEqual(
    found.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
    [],
  );
});

test('each schema is used, and each reference leads to one', () => {
  const text = JSON.stringify(document);
  const referred = new Set([...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name = '']) => name));
  assert.deepEqual([...referred].toSorted(compare), Object.keys(inferenceSchemas).toSorted(compare));
});

test('what is written fits its schema', async () => {
  const facts = [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }] as const;
  const infer = {
    inputs: awkwardTensors,
    areInputsBinary: false,
    areOutputsBinary: true,
    id: 'a',
    outputs: [{ name: 'y', isBinary: true }],
  };
  const head = { id: 'c', created: 1, model: 'm' };
  const usage = { promptTokens: 1, completionTokens: 2 };
  async function* pieces(): AsyncGenerator<ChatPiece> {
    yield await Promise.resolve({ text: 'a' });
    yield { finishReason: 'stop', usage };
  }
  const chunks: (readonly [string, string])[] = [];
  for await (const { data } of chatCompletionEvents(head, pieces(), true)) {
    if (data !== streamEnd) chunks.push(['ChatChunk', data]);
  }
  const vectors = [Float32Array.of(1)];
  const written: readonly (readonly [string, string])[] = [
    ['ServerMetadata', serverMetadataJson({ name: 'a', version: '1', extensions: ['b'] })],
    [
      'ModelMetadata',
      modelMetadataJson({ name: 'a', versions: ['1'], platform: onnxPlatform, inputs: facts, outputs: facts }),
    ],
    ['Live', liveJson],
    ['Ready', readyJson(true)],
    ['ModelReady', modelReadyJson('a', false)],
    ['ProtocolError', errorJson('a')],
    ['RepositoryIndex', indexJson([{ name: 'a', version: '1', state: 'READY', reason: '' }])],
    ['InferRequest', textOf(wholeBody(inferRequestBody(infer)))],
    [
      'InferResponse',
      textOf(
        wholeBody(
          inferResponseBody(
            { modelName: 'm', modelVersion: '1', outputs: awkwardTensors },
            { outputs: [], areOutputsBinary: false },
          ),
        ),
      ),
    ],
    ['PredictRequest', textOf(predictRequestBody({ inputs: awkwardTensors, outputFilter: ['a'] }, 'json'))],
    ['PredictResponse', textOf(predictResponseBody(awkwardTensors, 'application/json'))],
    ['ModelList', modelsJson([{ id: 'a', created: 1, ownedBy: 'b' }])],
    ['Embeddings', embeddingsJson({ model: 'm', vectors, promptTokens: 1 }, 'float')],
    ['Embeddings', embeddingsJson({ model: 'm', vectors, promptTokens: 1 }, 'base64')],
    ['ChatCompletion', chatCompletionJson(head, { text: 'a', finishReason: 'length', usage })],
    ['OpenAiError', openAiErrorJson({ message: 'a', type: 'server_error' })],
    ...chunks,
  ];
  for (const [name, text] of written) assert.deepEqual(check(name, text), [], name);
  assert.equal(chunks.length, 4);
});

test('the checker of schemas finds what is wrong', () => {
  assert.deepEqual(check('Live', '{}'), ['Live: required']);
  assert.deepEqual(check('Live', '{"live":1}'), ['Live.live: type']);
  assert.deepEqual(check('InferRequest', '{"inputs":[],"extra":1}'), ['InferRequest.extra: additionalProperties']);
  assert.deepEqual(check('TensorMetadata', '{"name":"a","datatype":"FP8","shape":[-2]}'), [
    'TensorMetadata.datatype: enum',
    'TensorMetadata.shape[0]: minimum',
  ]);
  assert.deepEqual(check('TensorData', '[[1],{}]'), ['TensorData[1]: anyOf']);
});
