import { EnclosError } from '@enclos/errors';
import { floatsOf, tensorOf, type ChatPiece, type ChatRequest, type Tensor } from '@enclos/open-inference';
import type { ServedModel } from '../models/served-models.ts';
import type { ChatUse } from '../models/openai-use.ts';
import { sampleToken, seededRandom } from './sampling.ts';
import { StopTexts } from './stop-texts.ts';

export interface Generation {
  readonly model: ServedModel;
  readonly use: ChatUse;
  readonly request: Pick<ChatRequest, 'messages' | 'maxTokens' | 'temperature' | 'topP' | 'stop' | 'seed'>;
  readonly signal: AbortSignal;
  /** Numbers from 0 to below 1, for requests without a seed. */
  readonly random: () => number;
}

/**
 * The answer of a character model to a conversation, piece by piece. Each token is a separate run, so other clients of the engines take
 * their turns between two tokens.
 * @throws INFERENCE_MESSAGE_INVALID for a conversation that is empty or has a character that the model does not know, and for more tokens than
 * the model may write; what runs throw.
 */
export async function* generate({ model, use, request, signal, random }: Generation): AsyncGenerator<ChatPiece> {
  const { messages, maxTokens = use.maxTokens, temperature = 0.7, topP = 1, stop, seed } = request;
  // As OpenAI's service does it: an answer that is shorter than what was asked for would look as if it were whole.
  if (maxTokens > use.maxTokens) {
    refuseMessage('max_tokens', `asks for more than the ${use.maxTokens} tokens that this model may write`);
  }
  const prompt = tokensOf(textOf(messages, use), use);
  const sampling = { temperature, topP, random: seed === undefined ? random : seededRandom(seed) };
  const stops = new StopTexts(stop);
  let step = await runStep({ model, use, signal }, prompt, firstState(model, use));
  for (let made = 1; made <= maxTokens; made++) {
    const token = sampleToken(step.scores, sampling);
    const { shown, isStopped } = stops.add(use.alphabet[token] ?? '');
    if (shown !== '') yield { text: shown };
    const usage = { promptTokens: prompt.length, completionTokens: made };
    if (isStopped) {
      yield { finishReason: 'stop', usage };
      return;
    }
    if (made === maxTokens) {
      const rest = stops.rest();
      if (rest !== '') yield { text: rest };
      yield { finishReason: 'length', usage };
      return;
    }
    step = await runStep({ model, use, signal }, [token], step.state);
  }
}

interface Step {
  /** The scores of the token that comes next. */
  readonly scores: Float32Array;
  readonly state: Tensor;
}

async function runStep(
  { model, use, signal }: Pick<Generation, 'model' | 'use' | 'signal'>,
  tokens: readonly number[],
  state: Tensor,
): Promise<Step> {
  const input = tensorOf(use.tokens, 'INT64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]);
  const outputs = await model.run([input, state], { outputs: [use.scores, use.nextState], signal });
  const [scores, next] = outputs;
  if (scores === undefined || next === undefined) throw new EnclosError('ENGINE_RUN_FAILED');
  const all = floatsOf(scores);
  return { scores: all.subarray(all.length - use.alphabet.length), state: { ...next, name: use.state } };
}

function firstState({ inputs }: ServedModel, { state }: ChatUse): Tensor {
  const facts = inputs.find(({ name }) => name === state);
  const shape = (facts?.shape ?? []).map((size) => Math.max(1, size));
  return tensorOf(state, 'FP32', new Float32Array(shape.reduce((product, size) => product * size, 1)), shape);
}

/** Messages stand under each other, if the model knows lines. */
function textOf(messages: ChatRequest['messages'], { alphabet }: ChatUse): string {
  return messages.map(({ texts }) => texts.join('')).join(alphabet.includes('\n') ? '\n' : '');
}

/** A character that is left out could turn a text into its opposite, so one that the model does not know is refused. */
function tokensOf(text: string, { alphabet, maxPromptTokens }: ChatUse): readonly number[] {
  const tokens = Array.from(text, (character) => alphabet.indexOf(character));
  if (tokens.length === 0) refuseMessage('messages', 'has no text');
  const unknown = tokens.indexOf(-1);
  if (unknown !== -1) {
    refuseMessage('messages', `has a character that is not in the alphabet of this model, at position ${unknown + 1}`);
  }
  if (tokens.length > maxPromptTokens) {
    throw new EnclosError('INFERENCE_LIMIT_EXCEEDED', `messages has more than ${maxPromptTokens} tokens.`, {
      details: { at: 'messages', bound: 'maxPromptTokens' },
    });
  }
  return tokens;
}

function refuseMessage(at: string, what: string): never {
  throw new EnclosError('INFERENCE_MESSAGE_INVALID', `${at} ${what}.`, { details: { at } });
}
