import { offsetOf, Slabs, type Slab } from './slabs.ts';

/** The words before key and value of a record. The first is the record's own number, and zero in a record that is dead. */
const keyLengthAt = 1;
const valueLengthAt = 2;
const versionLowAt = 3;
const versionHighAt = 4;
const previousAt = 5;
const headerWords = 6;

/** In place of the length of a value: the key was removed. */
const removed = 0xffff_ffff;
/** The free numbers end here. */
const none = 0;

/** Where a record belongs. */
export interface RecordPlace {
  readonly version: number;
  /** The record of the key's version before, or zero. */
  readonly previous: number;
}

/**
 * Versions of keys, outside the heap of JavaScript: a million of them cost a collector of garbage nothing. A record is known by
 * a number, from 1, which it keeps while its bytes move.
 */
export class Records {
  readonly #slabs = new Slabs(
    (slab, offset) => wordsOf(slab, offset),
    (slab, offset, address) => {
      this.#addresses[slab.words[offset] ?? 0] = address;
    },
  );
  /** By number. A free number holds the next free one. */
  #addresses = new Uint32Array(8);
  #free = none;
  #next = 1;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get heldBytes(): number {
    return this.#slabs.heldBytes + this.#addresses.byteLength;
  }

  /** @param value undefined where the key is removed */
  add(key: Uint8Array, value: Uint8Array | undefined, { version, previous }: RecordPlace): number {
    const words = headerWords + ((key.length + (value?.length ?? 0) + 3) >>> 2);
    const number = this.#takeNumber();
    const address = this.#slabs.take(words);
    const slab = this.#slabs.at(address);
    const at = offsetOf(address);
    this.#addresses[number] = address;
    slab.words[at] = number;
    slab.words[at + keyLengthAt] = key.length;
    slab.words[at + valueLengthAt] = value?.length ?? removed;
    slab.words[at + versionLowAt] = version >>> 0;
    slab.words[at + versionHighAt] = Math.floor(version / 2 ** 32);
    slab.words[at + previousAt] = previous;
    const bytesAt = 4 * (at + headerWords);
    slab.bytes.set(key, bytesAt);
    if (value !== undefined) slab.bytes.set(value, bytesAt + key.length);
    this.#count++;
    return number;
  }

  remove(number: number): void {
    const address = this.#addresses[number] ?? 0;
    this.#slabs.give(address, wordsOf(this.#slabs.at(address), offsetOf(address)));
    this.#addresses[number] = this.#free;
    this.#free = number;
    this.#count--;
  }

  /** Gives memory back that the removal of records has left. */
  tidy(): void {
    this.#slabs.tidy();
  }

  version(number: number): number {
    return this.#word(number, versionLowAt) + this.#word(number, versionHighAt) * 2 ** 32;
  }

  /** The record of the key's version before, or zero. */
  previous(number: number): number {
    return this.#word(number, previousAt);
  }

  setPrevious(number: number, previous: number): void {
    const address = this.#addresses[number] ?? 0;
    this.#slabs.at(address).words[offsetOf(address) + previousAt] = previous;
  }

  isRemoval(number: number): boolean {
    return this.#word(number, valueLengthAt) === removed;
  }

  hasKey(number: number, key: Uint8Array): boolean {
    const address = this.#addresses[number] ?? 0;
    const { words, bytes } = this.#slabs.at(address);
    const at = offsetOf(address);
    if (words[at + keyLengthAt] !== key.length) return false;
    const start = 4 * (at + headerWords);
    for (let i = 0; i < key.length; i++) if (bytes[start + i] !== key[i]) return false;
    return true;
  }

  /** Not a copy: it holds until the next change. */
  key(number: number): Uint8Array {
    const address = this.#addresses[number] ?? 0;
    const { words, bytes } = this.#slabs.at(address);
    const at = offsetOf(address);
    const start = 4 * (at + headerWords);
    return bytes.subarray(start, start + (words[at + keyLengthAt] ?? 0));
  }

  /** Not a copy, as `key`; undefined for a removal. */
  value(number: number): Uint8Array | undefined {
    const address = this.#addresses[number] ?? 0;
    const { words, bytes } = this.#slabs.at(address);
    const at = offsetOf(address);
    const length = words[at + valueLengthAt] ?? 0;
    if (length === removed) return undefined;
    const start = 4 * (at + headerWords) + (words[at + keyLengthAt] ?? 0);
    return bytes.subarray(start, start + length);
  }

  #word(number: number, field: number): number {
    const address = this.#addresses[number] ?? 0;
    return this.#slabs.at(address).words[offsetOf(address) + field] ?? 0;
  }

  #takeNumber(): number {
    const number = this.#free;
    if (number !== none) {
      this.#free = this.#addresses[number] ?? none;
      return number;
    }
    if (this.#next === this.#addresses.length) {
      const grown = new Uint32Array(2 * this.#addresses.length);
      grown.set(this.#addresses);
      this.#addresses = grown;
    }
    return this.#next++;
  }
}

function wordsOf(slab: Slab, offset: number): number {
  const keyLength = slab.words[offset + keyLengthAt] ?? 0;
  const valueLength = slab.words[offset + valueLengthAt] ?? 0;
  return headerWords + ((keyLength + (valueLength === removed ? 0 : valueLength) + 3) >>> 2);
}
