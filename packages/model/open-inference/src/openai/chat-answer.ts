/** Why an answer ended: by itself or by a stop text, or by the most tokens. */
export type FinishReason = 'stop' | 'length';

/** What every answer to one request says. */
export interface ChatAnswerHead {
  /** Such as `chatcmpl-` and a random text; the same for all chunks of a stream. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
}

export interface ChatUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface ChatAnswer {
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly usage: ChatUsage;
}

/** A piece of an answer that is streamed: text, and with the last piece how it ended. */
export type ChatPiece = { readonly text: string } | { readonly finishReason: FinishReason; readonly usage: ChatUsage };

/** The data of the event that ends a stream. */
export const streamEnd = '[DONE]';

/** The answer to a request that is not streamed. */
export function chatCompletionJson(
  { id, created, model }: ChatAnswerHead,
  { text, finishReason, usage }: ChatAnswer,
): string {
  const message = { role: 'assistant', content: text, refusal: null };
  const choice = { index: 0, message, logprobs: null, finish_reason: finishReason };
  return JSON.stringify({
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [choice],
    usage: usageObject(usage),
  });
}

/**
 * The events of a streamed answer, each with the JSON of a chunk as its data, and at last `[DONE]`: for `eventStream` of
 * `@enclos/http`.
 *
 * With `includesUsage` every chunk has `usage`, and one without choices says what was used, as OpenAI's API does. A source that ends
 * without a reason ends the events without `[DONE]`, which clients see as a broken stream.
 *
 * @example
 * import { eventStream, type HttpResponse } from '@enclos/http';
 * import { chatCompletionEvents, type ChatPiece } from '@enclos/open-inference';
 *
 * export function stream(pieces: AsyncIterable<ChatPiece>): HttpResponse {
 *   const head = { id: 'chatcmpl-1', created: Math.floor(Date.now() / 1000), model: 'small' };
 *   return eventStream(chatCompletionEvents(head, pieces, true));
 * }
 */
export async function* chatCompletionEvents(
  head: ChatAnswerHead,
  pieces: AsyncIterable<ChatPiece>,
  includesUsage: boolean,
): AsyncGenerator<{ readonly data: string }> {
  const event = (delta: object, finishReason: FinishReason | null): { readonly data: string } => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
    return { data: chunkJson(head, choices, includesUsage ? { usage: null } : {}) };
  };
  yield event({ role: 'assistant', content: '' }, null);
  for await (const piece of pieces) {
    if ('text' in piece) {
      yield event({ content: piece.text }, null);
      continue;
    }
    yield event({}, piece.finishReason);
    if (includesUsage) yield { data: chunkJson(head, [], { usage: usageObject(piece.usage) }) };
    yield { data: streamEnd };
    return;
  }
}

function chunkJson({ id, created, model }: ChatAnswerHead, choices: readonly object[], usage: object): string {
  return JSON.stringify({ id, object: 'chat.completion.chunk', created, model, choices, ...usage });
}

function usageObject({ promptTokens, completionTokens }: ChatUsage): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
