import { isEnclosError } from '@enclos/errors';
import { parseJson, parseJsonSource } from '../src/json/index.ts';

const texts = ['{"a":[1,-2.5e3,true,null],"b":{"c":"\\u0041\\n"}}', '[[],{},""]', '{"a":1,"a":2}', '"\\ud800"', '1 2'];
export const seeds: readonly Uint8Array[] = texts.map((text) => new TextEncoder().encode(text));

/** What is read is what the engine reads, and a refusal has a place within the text. */
export function fuzz(data: Uint8Array): void {
  const text = new TextDecoder().decode(data);
  const plain = attempt(() => parseJson(text, text.length, { maxValues: 1_048_576 }));
  const source = attempt(() => parseJsonSource(text).value);
  if (plain !== undefined && plain !== JSON.stringify(JSON.parse(text))) throw new RangeError('It was read otherwise.');
  if (plain !== source) throw new RangeError('The two readers differ.');
}

function attempt(read: () => unknown): string | undefined {
  try {
    return JSON.stringify(read());
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}
