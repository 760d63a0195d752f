import {
  boolean,
  integer,
  isJsonArray,
  isJsonObject,
  string,
  type JsonObject,
  type JsonRule,
  type JsonValue,
} from '@enclos/codec/json';
import { refuse, refuseUnsupported } from '../refusal.ts';
import { maximumNameLength } from '../tensors/tensor.ts';
import { messagesOf, type ChatMessage } from './chat-messages.ts';
import {
  numberWithin,
  optionalMember,
  presentMembers,
  readRequest,
  requiredMember,
  requireSupported,
  type NeutralMembers,
  type RequestBounds,
} from './member.ts';

/** A request of `POST /v1/chat/completions`, for one answer. What is undefined is left to the model. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** The most tokens of the answer. */
  readonly maxTokens?: number | undefined;
  /** 0 to 2. */
  readonly temperature?: number | undefined;
  /** 0 to 1. */
  readonly topP?: number | undefined;
  /** Texts that end the answer, up to four; they are not part of it. */
  readonly stop: readonly string[];
  readonly seed?: number | undefined;
  readonly isStream: boolean;
  /** Whether a stream ends with a chunk that says what was used. */
  readonly includesUsage: boolean;
}

const defaultBounds: RequestBounds = { maxBytes: 1_048_576, maxValues: 16_384 };
const maximumStops = 4;
/** Tokens of an answer: beyond any model. */
const maximumTokens = 2 ** 31 - 1;

const isZero = (value: JsonValue): boolean => value === 0;
const isFalse = (value: JsonValue): boolean => value === false;
const isEmptyList = (value: JsonValue): boolean => isJsonArray(value) && value.length === 0;
const never = (): boolean => false;

/** Members that would change the answer, each with the value that does not. */
const neutral: NeutralMembers = {
  n: (value) => value === 1,
  logprobs: isFalse,
  top_logprobs: isZero,
  frequency_penalty: isZero,
  presence_penalty: isZero,
  logit_bias: (value) => isJsonObject(value) && Object.keys(value).length === 0,
  response_format: (value) => isJsonObject(value) && value['type'] === 'text',
  modalities: (value) => isJsonArray(value) && value.length === 1 && value[0] === 'text',
  tools: isEmptyList,
  functions: isEmptyList,
  tool_choice: (value) => value === 'none' || value === 'auto',
  function_call: (value) => value === 'none' || value === 'auto',
  audio: never,
  prediction: never,
  reasoning_effort: (value) => value === 'none',
  verbosity: never,
  web_search_options: never,
};

/** Members of no effect on an answer: accounting, storage that this server does not have, caching. */
const harmless = [
  'metadata',
  'parallel_tool_calls',
  'prompt_cache_key',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'store',
  'user',
] as const;

const read = [
  'max_completion_tokens',
  'max_tokens',
  'messages',
  'model',
  'seed',
  'stop',
  'stream',
  'stream_options',
  'temperature',
  'top_p',
] as const;

/**
 * Reads a request for a chat completion, as OpenAI's clients write it. Members of no effect are ignored; what would change the
 * answer and is not supported is refused, such as `n` above 1, `logprobs` and tools.
 *
 * @throws INFERENCE_MESSAGE_INVALID, INFERENCE_LIMIT_EXCEEDED or INFERENCE_UNSUPPORTED; `details.at` is the member.
 * @example
 * import { parseChatRequest } from '@enclos/open-inference';
 *
 * const text = '{"model":"small","messages":[{"role":"user","content":"Hello"}]}';
 * console.log(parseChatRequest(new TextEncoder().encode(text)).messages[0]?.texts);
 */
export function parseChatRequest(body: Uint8Array, bounds: RequestBounds = defaultBounds): ChatRequest {
  const members = readRequest(body, bounds);
  requireSupported(members, { read, harmless, neutral });
  const isStream = optionalMember(members, 'stream', boolean) ?? false;
  return Object.freeze({
    model: requiredMember(members, 'model', string(maximumNameLength)),
    messages: messagesOf(members),
    maxTokens: maxTokensOf(members),
    temperature: optionalMember(members, 'temperature', numberWithin(0, 2)),
    topP: optionalMember(members, 'top_p', numberWithin(0, 1)),
    stop: optionalMember(members, 'stop', stops) ?? [],
    seed: optionalMember(members, 'seed', integer(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)),
    isStream,
    includesUsage: includesUsage(members, isStream),
  });
}

/** `max_tokens` is the older name. */
function maxTokensOf(members: JsonObject): number | undefined {
  const tokens = integer(1, maximumTokens);
  const newer = optionalMember(members, 'max_completion_tokens', tokens);
  const older = optionalMember(members, 'max_tokens', tokens);
  if (newer !== undefined && older !== undefined && newer !== older) {
    refuse('max_tokens', 'differs from max_completion_tokens');
  }
  return newer ?? older;
}

const stops: JsonRule<readonly string[]> = {
  expected: `a text, or a list of up to ${maximumStops} texts, of 1 to ${maximumNameLength} characters`,
  read: (value) => {
    const list = typeof value === 'string' ? [value] : value;
    if (!isJsonArray(list) || list.length > maximumStops) return undefined;
    const texts = list.filter(
      (stop) => typeof stop === 'string' && stop.length > 0 && stop.length <= maximumNameLength,
    );
    return texts.length === list.length ? texts.map(String) : undefined;
  },
};

function includesUsage(members: JsonObject, isStream: boolean): boolean {
  const value = members['stream_options'];
  if (value === undefined) return false;
  if (!isStream) refuse('stream_options', 'is only for streams');
  const options = presentMembers(value, 'stream_options');
  // Obfuscation pads chunks against observers of their lengths, which the channel of an enclave has its own way for.
  const unknown = Object.keys(options).some((name) => !['include_usage', 'include_obfuscation'].includes(name));
  if (unknown) refuseUnsupported('stream_options', 'has a member that is not known');
  return optionalMember(options, 'include_usage', boolean, 'stream_options.') ?? false;
}
