import { equalBytes } from '@enclos/codec';
import { decodeLatin1 } from '@enclos/codec/text';
import { BoundedMap } from './bounded-map.ts';

const sampleLength = 64;
const maximumContentBytes = 16_384;

interface Entry<T> {
  readonly owner: object;
  readonly content: Uint8Array;
  readonly value: T;
}

/**
 * A bounded map whose keys are an owner, by its identity, and bytes. An entry is looked up by a sample of the bytes, and
 * matches only if the owner and every byte are the same: comparing some kilobytes costs a fraction of hashing them. When two
 * keys have the same sample, the later replaces the earlier.
 */
export class ContentMap<T> {
  readonly #entries: BoundedMap<Entry<T>>;

  /** `maximum`: entries; 0 for a map that keeps nothing. */
  constructor(maximum: number) {
    this.#entries = new BoundedMap(maximum);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(owner: object, content: Uint8Array): T | undefined {
    const entry = this.#entries.get(sampleOf(content));
    return entry?.owner === owner && equalContent(entry.content, content) ? entry.value : undefined;
  }

  /** Keeps a copy of `content`. Content over 16 KiB, four times the usual size, is not kept. */
  set(owner: object, content: Uint8Array, value: T): void {
    if (content.length > maximumContentBytes) return;
    this.#entries.set(sampleOf(content), { owner, content: new Uint8Array(content), value });
  }
}

function sampleOf(content: Uint8Array): string {
  if (content.length <= sampleLength) return decodeLatin1(content);
  const sample = new Uint8Array(sampleLength);
  const stride = content.length / sampleLength;
  for (let index = 0; index < sampleLength; index++) sample[index] = content[(index * stride) | 0] ?? 0;
  return decodeLatin1(sample);
}

/** As `equalBytes`, four bytes at a time where `given` is aligned like the kept copy, as quotes of one version are. */
function equalContent(kept: Uint8Array, given: Uint8Array): boolean {
  if (kept.length !== given.length || given.byteOffset % 4 !== 0) return equalBytes(kept, given);
  const words = kept.length >> 2;
  const left = new Int32Array(kept.buffer, 0, words);
  const right = new Int32Array(given.buffer, given.byteOffset, words);
  for (let index = 0; index < words; index++) if (left[index] !== right[index]) return false;
  return equalBytes(kept.subarray(4 * words), given.subarray(4 * words));
}
