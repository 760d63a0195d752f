import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { openAiRefusalJson, parseChatRequest, parseEmbeddingsRequest } from '../src/index.ts';

const texts = [
  {
    model: 'm',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }] }],
    stream: true,
    stream_options: {},
  },
  {
    model: 'm',
    messages: [{ role: 'system', content: 'a' }],
    stop: ['b'],
    n: 1,
    temperature: 0.5,
    max_tokens: 3,
    seed: 1,
  },
  { model: 'm', input: ['a', 'b'], encoding_format: 'base64', dimensions: 2 },
  { model: 'm', input: [[1, 2], [3]] },
];
export const seeds: readonly Uint8Array[] = texts.map((value) => utf8(JSON.stringify(value)));
const facts = { accepts: 'both', maxInputs: 4, maxLength: 16, dimensions: [2] } as const;

/** What is refused has an error that can be shown. */
export function fuzz(data: Uint8Array): void {
  for (const read of [() => parseChatRequest(data), () => parseEmbeddingsRequest(data, facts)]) {
    try {
      read();
    } catch (error) {
      if (!isEnclosError(error)) throw error;
      JSON.parse(openAiRefusalJson(error));
    }
  }
}
