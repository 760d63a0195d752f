import { toBase64 } from '@enclos/codec';
import { integer, isJsonArray, oneOf, string, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';
import { floatsJson } from '../json/write-data.ts';
import { refuse, refuseUnsupported } from '../refusal.ts';
import { maximumNameLength } from '../tensors/tensor.ts';
import { tensorOf } from '../tensors/values.ts';
import { optionalMember, readRequest, requiredMember, requireSupported, type RequestBounds } from './member.ts';

/** What a model embeds, and how much of it at a time. */
export interface EmbeddingsFacts {
  /** Tokens are only for clients that know the model's vocabulary. */
  readonly accepts: 'texts' | 'tokens' | 'both';
  /** Texts or lists of tokens in one request; OpenAI's bound is 2048. */
  readonly maxInputs: number;
  /** Characters (UTF-16 code units) of a text, or tokens of a list. */
  readonly maxLength: number;
  /** The dimensions that a request may ask for; a model with one size lists that. */
  readonly dimensions: readonly number[];
}

/** A request of `POST /v1/embeddings`. */
export interface EmbeddingsRequest {
  readonly model: string;
  readonly inputs:
    | { readonly kind: 'texts'; readonly texts: readonly string[] }
    | { readonly kind: 'tokens'; readonly tokens: readonly (readonly number[])[] };
  readonly encoding: 'float' | 'base64';
  readonly dimensions?: number | undefined;
}

const defaultBounds: RequestBounds = { maxBytes: 16_777_216, maxValues: 1_048_576 };

/** The model that a request names, for a server that has to find its facts first. @throws as `parseEmbeddingsRequest`. */
export function modelOfRequest(body: Uint8Array, bounds: RequestBounds = defaultBounds): string {
  return requiredMember(readRequest(body, bounds), 'model', string(maximumNameLength));
}

/**
 * Reads a request for embeddings: one text, several, one list of tokens, or several.
 *
 * @throws INFERENCE_MESSAGE_INVALID, INFERENCE_LIMIT_EXCEEDED or INFERENCE_UNSUPPORTED; `details.at` is the member.
 */
export function parseEmbeddingsRequest(
  body: Uint8Array,
  facts: EmbeddingsFacts,
  bounds: RequestBounds = defaultBounds,
): EmbeddingsRequest {
  const members = readRequest(body, bounds);
  requireSupported(members, {
    read: ['model', 'input', 'encoding_format', 'dimensions'],
    harmless: ['user'],
    neutral: {},
  });
  const dimensions = optionalMember(members, 'dimensions', integer(1, 2 ** 20));
  if (dimensions !== undefined && !facts.dimensions.includes(dimensions)) {
    refuseUnsupported('dimensions', 'is not a size of this model');
  }
  return Object.freeze({
    model: requiredMember(members, 'model', string(maximumNameLength)),
    inputs: inputsOf(members, facts),
    encoding: optionalMember(members, 'encoding_format', oneOf('float', 'base64')) ?? 'float',
    dimensions,
  });
}

function inputsOf({ input }: JsonObject, facts: EmbeddingsFacts): EmbeddingsRequest['inputs'] {
  if (input === undefined) return refuse('input', 'is missing');
  const inputs = isSingle(input) ? [input] : input;
  if (!isJsonArray(inputs) || inputs.length === 0) return refuse('input', 'is not a text or a list');
  if (inputs.length > facts.maxInputs) tooMuch('input', `has more than ${facts.maxInputs} members`, 'maxInputs');
  const kind = typeof inputs[0] === 'string' ? 'texts' : 'tokens';
  if (facts.accepts !== 'both' && facts.accepts !== kind) {
    return refuseUnsupported('input', `has ${kind}, and this model embeds ${facts.accepts}`);
  }
  return kind === 'texts'
    ? { kind, texts: inputs.map((text, index) => textOf(text, facts, `input[${index}]`)) }
    : { kind, tokens: inputs.map((tokens, index) => tokensOf(tokens, facts, `input[${index}]`)) };
}

/** A text, or a list of tokens. */
function isSingle(input: JsonValue): boolean {
  return typeof input === 'string' || (isJsonArray(input) && typeof input[0] === 'number');
}

function textOf(text: JsonValue, { maxLength }: EmbeddingsFacts, at: string): string {
  if (typeof text !== 'string') return refuse(at, 'is not a text, as the first one is');
  if (text.length === 0) refuse(at, 'is empty');
  if (text.length > maxLength) tooMuch(at, `has more than ${maxLength} characters`, 'maxLength');
  return text;
}

function tokensOf(tokens: JsonValue, { maxLength }: EmbeddingsFacts, at: string): readonly number[] {
  if (!isJsonArray(tokens) || tokens.length === 0) return refuse(at, 'is not a list of tokens');
  if (tokens.length > maxLength) tooMuch(at, `has more than ${maxLength} tokens`, 'maxLength');
  const token = integer(0, 2 ** 31 - 1);
  return Object.freeze(
    tokens.map((value) => token.read(value) ?? refuse(at, `has a token that is not ${token.expected}`)),
  );
}

function tooMuch(at: string, problem: string, bound: string): never {
  throw new EnclosError('INFERENCE_LIMIT_EXCEEDED', `${at} ${problem} (${bound}).`, { details: { at, bound } });
}

/** The embeddings of a request, in its order. */
export interface EmbeddingsAnswer {
  readonly model: string;
  readonly vectors: readonly Float32Array[];
  readonly promptTokens: number;
}

/**
 * The answer to a request for embeddings. In base64 a vector is its FP32 numbers, little-endian: what OpenAI's clients ask for
 * without being told.
 *
 * @throws INFERENCE_NOT_JSON for a vector with a number that is not finite, as numbers.
 */
export function embeddingsJson(
  { model, vectors, promptTokens }: EmbeddingsAnswer,
  encoding: EmbeddingsRequest['encoding'],
): string {
  const data = vectors.map((vector, index) => {
    const embedding =
      encoding === 'float'
        ? floatsJson(vector, `data[${index}]`)
        : JSON.stringify(toBase64(tensorOf('embedding', 'FP32', vector).data));
    return `{"object":"embedding","index":${index},"embedding":${embedding}}`;
  });
  const usage = JSON.stringify({ prompt_tokens: promptTokens, total_tokens: promptTokens });
  return `{"object":"list","data":[${data.join()}],"model":${JSON.stringify(model)},"usage":${usage}}`;
}
