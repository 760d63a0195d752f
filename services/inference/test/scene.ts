import { decodeUtf8 } from '@enclos/codec/text';
import { utf8 } from '@enclos/codec';
import { tensorOf, valuesOf, type Tensor } from '@enclos/open-inference';
import {
  createInferenceApi,
  type ApiAnswer,
  type ApiRequest,
  type InferenceApi,
  type InferenceApiOptions,
} from '../src/index.ts';
import { tensorLimitsOf } from '../src/api/tensor-limits.ts';
import type { ServedModel, ServedModels } from '../src/models/served-models.ts';

const alphabet = 'abc.';
export const digest = '11'.repeat(32);

/** Adds one to each number. */
export const adder: ServedModel = {
  name: 'adder',
  version: '1',
  digest,
  inputs: [{ name: 'in', datatype: 'FP32', shape: [-1] }],
  outputs: [{ name: 'out', datatype: 'FP32', shape: [-1] }],
  isUsable: true,
  loadedAt: 1_700_000_000,
  run: async ([input]) => {
    const values = input === undefined ? new Float32Array() : valuesOf(input, 'FP32');
    return [
      tensorOf(
        'out',
        'FP32',
        values.map((value) => value + 1),
        [values.length],
      ),
    ];
  },
};

/** After each character of its alphabet it expects the next one, and after the last the first. */
export const speaker: ServedModel = {
  ...adder,
  name: 'speaker',
  inputs: [
    { name: 'tokens', datatype: 'INT64', shape: [1, -1] },
    { name: 'state', datatype: 'FP32', shape: [1, 1, 2] },
  ],
  outputs: [],
  openAi: {
    as: 'chat',
    alphabet,
    tokens: 'tokens',
    state: 'state',
    scores: 'scores',
    nextState: 'next',
    maxTokens: 32,
    maxPromptTokens: 16,
  },
  run: async (inputs) => {
    const tokens = inputs.find(({ name }) => name === 'tokens');
    const last = Number(tokens === undefined ? 0n : valuesOf(tokens, 'INT64').at(-1));
    const scores = Float32Array.from(alphabet, (_, at) => (at === (last + 1) % alphabet.length ? 10 : 0));
    return [
      tensorOf('scores', 'FP32', scores, [1, alphabet.length]),
      tensorOf('next', 'FP32', new Float32Array(2), [1, 1, 2]),
    ];
  },
};

export const embedder: ServedModel = {
  ...adder,
  name: 'embedder',
  openAi: {
    as: 'embeddings',
    input: 'tokens',
    output: 'out',
    accepts: 'tokens',
    maxLength: 8,
    maxInputs: 4,
    dimensions: 2,
  },
  run: async ([tokens]) => {
    const sum = tokens === undefined ? 0 : Number(valuesOf(tokens, 'INT64').reduce((a, b) => a + b, 0n));
    return [tensorOf('out', 'FP32', Float32Array.of(sum, 1), [1, 2])];
  },
};

export function modelsOf(...served: readonly ServedModel[]): ServedModels {
  return {
    find: (name, version) =>
      served.findLast((model) => model.name === name && (version === undefined || model.version === version)),
    list: () => served,
    loadable: [
      { name: 'other', version: '2', isExpected: false, reason: 'not loaded' },
      { name: 'coming', version: '1', isExpected: true, reason: 'MODEL_KEY_AWAITED' },
    ],
    want: () => undefined,
    load: async () => undefined,
    unload: async () => undefined,
    isReady: true,
  };
}

const noKeys: InferenceApiOptions['modelKeys'] = {
  challenge: () => 'challenge',
  supply: async () => undefined,
  keySetDigest: () => digest,
};

export function apiOf(models: ServedModels, faults: unknown[] = [], clientsChangeModels = false): InferenceApi {
  return createInferenceApi(apiOptionsOf(models, faults, clientsChangeModels));
}

export function apiOptionsOf(
  models: ServedModels,
  faults: unknown[] = [],
  clientsChangeModels = false,
): InferenceApiOptions {
  return {
    models,
    modelKeys: noKeys,
    server: { name: 'test', version: '0' },
    clientsChangeModels,
    maxInferBytes: 1_048_576,
    tensorLimits: tensorLimitsOf({ maxJsonBytes: 65_536 }),
    scoreModel: 'adder',
    now: () => new Date(1_700_000_000_000),
    random: () => 0,
    newId: () => 'id',
    onFault: (error) => faults.push(error),
  };
}

export function requestOf(method: string, path: string, more: Partial<ApiRequest> = {}): ApiRequest {
  return { method, path, headers: new Map(), body: new Uint8Array(), signal: new AbortController().signal, ...more };
}

export const jsonBody = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

export async function textOf({ body }: ApiAnswer): Promise<string> {
  if (body instanceof Uint8Array) return decodeUtf8(body);
  let text = '';
  for await (const piece of body) text += decodeUtf8(piece);
  return text;
}

export async function jsonOf(answer: ApiAnswer): Promise<unknown> {
  return JSON.parse(await textOf(answer));
}

export const numbers = (...values: readonly number[]): Tensor =>
  tensorOf('in', 'FP32', Float32Array.from(values), [values.length]);
