import { EnclosError } from '@enclos/errors';
import { eventStream } from '@enclos/http';
import {
  bytesTensorOf,
  chatCompletionEvents,
  chatCompletionJson,
  embeddingsJson,
  floatsOf,
  modelJson,
  modelOfRequest,
  modelsJson,
  parseChatRequest,
  parseEmbeddingsRequest,
  tensorOf,
  type ChatPiece,
  type ChatUsage,
  type EmbeddingsRequest,
  type FinishReason,
  type ListedModel,
  type Tensor,
  type TensorLimits,
} from '@enclos/open-inference';
import { utf8 } from '@enclos/codec';
import { generate } from '../generation/generate.ts';
import type { EmbeddingsUse } from '../models/openai-use.ts';
import { jsonAnswer } from './answers.ts';
import type { ApiAnswer, ApiRequest } from './api-request.ts';
import { findModel } from './find-model.ts';
import { routesWith, type ApiRoute } from './routes.ts';
import type { ServedModel, ServedModels } from '../models/served-models.ts';

const maxChatBytes = 1_048_576;

export interface OpenAiOptions {
  readonly models: ServedModels;
  readonly tensorLimits: TensorLimits;
  readonly now: () => Date;
  /** Numbers from 0 to below 1. */
  readonly random: () => number;
  /** A new name for each answer. */
  readonly newId: () => string;
}

/** OpenAI's API, for models that the configuration declares for it. */
export function openAiRoutes(options: OpenAiOptions): readonly ApiRoute[] {
  const { models, tensorLimits } = options;
  const route = routesWith('openai');
  return [
    route(['listModels', 'GET', '/v1/models'], () => jsonAnswer(modelsJson(models.list().map(listed)))),
    route(['getModel', 'GET', '/v1/models/{name}'], (request, { name = '' }) =>
      jsonAnswer(modelJson(listed(findModel(models, request, { name })))),
    ),
    route(
      ['createEmbeddings', 'POST', '/v1/embeddings'],
      (request) => embed(options, request),
      tensorLimits.maxJsonBytes,
    ),
    route(['createChatCompletion', 'POST', '/v1/chat/completions'], (request) => chat(options, request), maxChatBytes),
  ];
}

function listed({ name, loadedAt }: ServedModel): ListedModel {
  return { id: name, created: loadedAt, ownedBy: 'enclave' };
}

async function embed({ models, tensorLimits }: OpenAiOptions, request: ApiRequest): Promise<ApiAnswer> {
  const bounds = { maxBytes: tensorLimits.maxJsonBytes, maxValues: tensorLimits.maxListedElements };
  const model = findModel(models, request, { name: modelOfRequest(request.body, bounds) });
  const use = model.openAi?.as === 'embeddings' ? model.openAi : notFor('embeddings');
  const asked = parseEmbeddingsRequest(request.body, { ...use, dimensions: [use.dimensions] }, bounds);
  const { rows, promptTokens } = rowsOf(asked, use);
  const vectors: Float32Array[] = [];
  for (const row of rows) {
    const [output] = await model.run([row], { outputs: [use.output], signal: request.signal });
    if (output === undefined) throw new EnclosError('ENGINE_RUN_FAILED');
    vectors.push(floatsOf(output));
  }
  return { ...jsonAnswer(embeddingsJson({ model: model.name, vectors, promptTokens }, asked.encoding)), model };
}

/** An input of the model for each text or list of tokens. */
function rowsOf(
  { inputs }: EmbeddingsRequest,
  { input }: EmbeddingsUse,
): { readonly rows: readonly Tensor[]; readonly promptTokens: number } {
  if (inputs.kind === 'texts') {
    const rows = inputs.texts.map((text) => bytesTensorOf(input, [text], [1]));
    return { rows, promptTokens: inputs.texts.reduce((sum, text) => sum + text.length, 0) };
  }
  const rows = inputs.tokens.map((tokens) =>
    tensorOf(input, 'INT64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]),
  );
  return { rows, promptTokens: inputs.tokens.reduce((sum, tokens) => sum + tokens.length, 0) };
}

async function chat({ models, now, random, newId }: OpenAiOptions, request: ApiRequest): Promise<ApiAnswer> {
  const asked = parseChatRequest(request.body);
  const model = findModel(models, request, { name: asked.model });
  const use = model.openAi?.as === 'chat' ? model.openAi : notFor('chat completions');
  const head = { id: `chatcmpl-${newId()}`, created: Math.floor(now().getTime() / 1000), model: model.name };
  const pieces = generate({ model, use, request: asked, signal: request.signal, random });
  // What is wrong with a request is found with the first piece, and answered with its status.
  const first = await pieces.next();
  const all = withFirst(first, pieces);
  if (!asked.isStream) return { ...jsonAnswer(chatCompletionJson(head, await wholeAnswer(all))), model };
  const { headers = {}, body } = eventStream(chatCompletionEvents(head, all, asked.includesUsage));
  // Its type is that of any answer's body.
  return { status: 200, headers, body: bytesOf(body as AsyncIterable<Uint8Array | string>), model };
}

async function* withFirst(
  first: IteratorResult<ChatPiece>,
  rest: AsyncGenerator<ChatPiece>,
): AsyncGenerator<ChatPiece> {
  try {
    if (first.done === true) return;
    yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

async function wholeAnswer(
  pieces: AsyncIterable<ChatPiece>,
): Promise<{ readonly text: string; readonly finishReason: FinishReason; readonly usage: ChatUsage }> {
  let text = '';
  for await (const piece of pieces) {
    if (!('text' in piece)) return { text, ...piece };
    text += piece.text;
  }
  throw new EnclosError('ENGINE_RUN_FAILED');
}

async function* bytesOf(body: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
  for await (const piece of body) yield typeof piece === 'string' ? utf8(piece) : piece;
}

function notFor(what: string): never {
  throw new EnclosError('INFERENCE_UNSUPPORTED', `The model does not serve ${what}.`, { details: { at: 'model' } });
}
