import { equalBytes } from '@enclos/codec';
import { BoundedMap } from './bounded-map.ts';

const latin1 = new TextDecoder('latin1');
const sampleLength = 64;

/** Short bytes as a key of a map: one character for each byte, so that equal keys mean equal bytes. */
export function contentKey(bytes: Uint8Array): string {
  return latin1.decode(bytes);
}

/**
 * A bounded map whose keys are bytes. An entry is found by its length and a
 * sample of its bytes, and is the one only if every byte is equal: a comparison
 * of some kilobytes costs a fraction of what hashing them costs. Of two keys
 * with one sample the later takes the place of the earlier.
 */
export class ContentMap<T> {
  readonly #entries: BoundedMap<{ readonly content: Uint8Array; readonly value: T }>;

  /** `maximum`: entries; 0 for a map that keeps nothing. */
  constructor(maximum: number) {
    this.#entries = new BoundedMap(maximum);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(content: Uint8Array): T | undefined {
    const entry = this.#entries.get(sampleOf(content));
    return entry !== undefined && equalBytes(entry.content, content) ? entry.value : undefined;
  }

  /** `content` must not change any more. */
  set(content: Uint8Array, value: T): void {
    this.#entries.set(sampleOf(content), { content, value });
  }
}

function sampleOf(content: Uint8Array): string {
  if (content.length <= sampleLength) return contentKey(content);
  const sample = new Uint8Array(sampleLength + 4);
  const stride = content.length / sampleLength;
  for (let index = 0; index < sampleLength; index++) sample[index] = content[Math.floor(index * stride)] ?? 0;
  new DataView(sample.buffer).setUint32(sampleLength, content.length);
  return contentKey(sample);
}
