import { createHash } from 'node:crypto';
import type { InferenceClient } from '@enclos/inference-client';
import { tensorOf } from '@enclos/open-inference';

/** Something to ask, whose answer is known after it was asked once without a manipulation. */
export interface Question {
  readonly name: string;
  ask(client: InferenceClient, url: string): Promise<string>;
}

/** Pixels of eight pictures, each with scores that no other one has. */
export function pixelsOf(picture: number): Float32Array {
  return Float32Array.from({ length: 64 }, (_, at) => Math.abs(Math.sin((picture + 1) * (at + 1))));
}

function digits(picture: number): Question {
  return {
    name: `digits of picture ${picture}`,
    async ask(client) {
      const inputs = [tensorOf('input', 'FP32', pixelsOf(picture), [1, 1, 8, 8])];
      const { modelName, outputs } = await client.infer({ model: 'digits', inputs });
      const shown = outputs.map(({ name, data }) => `${name} ${Buffer.from(data).toString('hex')}`);
      return `${modelName} ${shown.join()}`;
    },
  };
}

function chat(seed: number, stream: boolean): Question {
  return {
    name: `chat of seed ${seed}${stream ? ', streamed' : ''}`,
    async ask(client, url) {
      const messages = [{ role: 'user', content: 'The enclave ' }];
      const body = { model: 'characters', messages, stream, seed, max_tokens: 3, temperature: 1 };
      const headers = { 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      const response = await client.fetch(`${url}/v1/chat/completions`, init);
      // Ids and times differ each time.
      const text = (await response.text()).replaceAll(/"(?:id|created)":(?:"[^"]*"|\d+)/g, '""');
      return `${response.status} ${createHash('sha256').update(text).digest('hex')}`;
    },
  };
}

export const questions: readonly Question[] = [
  ...Array.from({ length: 8 }, (_, picture) => digits(picture)),
  ...[1, 2].flatMap((seed) => [chat(seed, false), chat(seed, true)]),
];

/** The answers as they are without a host in between. */
export async function askAll(client: InferenceClient, url: string): Promise<readonly string[]> {
  const answers = await Promise.all(questions.map((question) => question.ask(client, url)));
  const isClear = new Set(answers).size === answers.length;
  if (!isClear) throw new Error('Two questions have one answer: a swap would not be seen.');
  return answers;
}
