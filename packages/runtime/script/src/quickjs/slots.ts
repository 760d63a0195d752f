import type { ScriptThrow, ScriptValue } from '../engine.ts';
import { inPieces, PIECE_BYTES, textInPieces, type Copying } from './pieces.ts';
import type { WasmMemory } from './webassembly.ts';

/** Values a call can have, and bytes of a slot: see native/boundary.h. */
export const MAX_VALUES = 16;
const WORDS = 4;

const tags = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  number: 4,
  latin1: 5,
  utf16: 6,
  bytes: 7,
  Error: 8,
  TypeError: 9,
  RangeError: 10,
} as const;

/** Node's own, which its types leave out: `toString` and `write` reach them by the name of an encoding. */
interface TextBuffer {
  latin1Slice(from: number, to: number): string;
  ucs2Slice(from: number, to: number): string;
  latin1Write(text: string, at: number, length: number): number;
  ucs2Write(text: string, at: number, length: number): number;
}

function textOf(buffer: ArrayBuffer): TextBuffer {
  return Buffer.from(buffer) as unknown as TextBuffer;
}

/**
 * The slots of an instance, through which values pass. A script chooses what is in its memory, but glue and interpreter write the
 * slots: lengths and addresses are nevertheless used only as bounds of views, which clamp them.
 */
export class Slots {
  readonly #memory: WasmMemory;
  readonly #word: number;
  readonly #outgoing: (string | Uint8Array | undefined)[] = Array.from({ length: MAX_VALUES });
  readonly #recent: (string | undefined)[] = Array.from({ length: RECENT });
  /** Views of the memory as it is now: they go when it grows. */
  bytes: Uint8Array<ArrayBuffer>;
  #text: TextBuffer;
  #words: Uint32Array<ArrayBuffer>;
  #numbers: Float64Array<ArrayBuffer>;
  readonly #copying: Copying;

  constructor(memory: WasmMemory, address: number, copying: Copying) {
    this.#memory = memory;
    this.#copying = copying;
    this.#word = address / 4;
    this.bytes = new Uint8Array(memory.buffer);
    this.#text = textOf(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
    this.#numbers = new Float64Array(memory.buffer);
  }

  /** To be called whenever the memory has grown. */
  refresh(): void {
    const { buffer } = this.#memory;
    this.bytes = new Uint8Array(buffer);
    this.#text = textOf(buffer);
    this.#words = new Uint32Array(buffer);
    this.#numbers = new Float64Array(buffer);
  }

  /** A copy of what is in a slot. */
  read(slot: number): ScriptValue {
    const word = this.#word + slot * WORDS;
    const words = this.#words;
    switch (words[word]) {
      case tags.null:
        return null;
      case tags.false:
        return false;
      case tags.true:
        return true;
      case tags.number:
        return this.#numbers[(word >> 1) + 1];
      case tags.latin1: {
        const at = words[word + 2] ?? 0;
        const length = words[word + 1] ?? 0;
        if (length <= SHORT) return this.#shortText(at, length);
        if (length <= PIECE_BYTES) {
          this.#copying(length);
          return this.#text.latin1Slice(at, at + length);
        }
        return this.#textOf(length, (from, to) => this.#text.latin1Slice(at + from, at + to));
      }
      case tags.utf16: {
        const at = words[word + 2] ?? 0;
        const length = (words[word + 1] ?? 0) * 2;
        return this.#textOf(length, (from, to) => this.#text.ucs2Slice(at + from, at + to));
      }
      case tags.bytes:
        return this.#bytesOf(words[word + 2] ?? 0, words[word + 1] ?? 0);
      default:
        return undefined;
    }
  }

  /** Puts a value into a slot. Its units or bytes follow when the interpreter takes them. */
  write(slot: number, value: ScriptValue): void {
    switch (typeof value) {
      case 'undefined':
        this.#put(slot, tags.undefined);
        return;
      case 'boolean':
        this.#put(slot, value ? tags.true : tags.false);
        return;
      case 'number':
        this.#put(slot, tags.number);
        this.#numbers[((this.#word + slot * WORDS) >> 1) + 1] = value;
        return;
      case 'string':
        this.#put(slot, this.#isLatin1(value) ? tags.latin1 : tags.utf16, value.length);
        this.#outgoing[slot] = value;
        return;
      default:
        break;
    }
    if (value === null) {
      this.#put(slot, tags.null);
    } else if (value instanceof Uint8Array) {
      this.#put(slot, tags.bytes, value.byteLength);
      this.#outgoing[slot] = value;
    } else {
      throw new TypeError('A host function gave something else than a scalar, text or bytes.');
    }
  }

  /** Puts an error into the first slots, for the interpreter to throw. */
  writeThrow({ kind, message }: ScriptThrow): void {
    this.write(1, message);
    this.#put(0, tags[kind]);
  }

  /** Writes the units or bytes of a slot. */
  take(slot: number, address: number): void {
    const value = this.#outgoing[slot];
    this.#outgoing[slot] = undefined;
    const word = this.#word + slot * WORDS;
    const isNarrow = this.#words[word] === tags.latin1;
    if (typeof value !== 'string') {
      if (value !== undefined) this.#putBytes(value, address);
    } else if (value.length <= SHORT && isNarrow) {
      const { bytes } = this;
      for (let at = 0; at < value.length; at++) bytes[address + at] = value.charCodeAt(at);
    } else {
      inPieces(value.length, this.#copying, (from, to) => {
        const piece = to - from === value.length ? value : value.slice(from, to);
        if (isNarrow) this.#text.latin1Write(piece, address + from, to - from);
        else this.#text.ucs2Write(piece, address + from * 2, (to - from) * 2);
      });
    }
  }

  #bytesOf(at: number, length: number): Uint8Array {
    if (length <= PIECE_BYTES) {
      this.#copying(length);
      return this.bytes.slice(at, at + length);
    }
    const copy = new Uint8Array(Math.min(length, this.bytes.length));
    inPieces(copy.length, this.#copying, (from, to) => copy.set(this.bytes.subarray(at + from, at + to), from));
    return copy;
  }

  #putBytes(value: Uint8Array, address: number): void {
    if (value.length <= PIECE_BYTES) {
      this.#copying(value.length);
      this.bytes.set(value, address);
      return;
    }
    inPieces(value.length, this.#copying, (from, to) => this.bytes.set(value.subarray(from, to), address + from));
  }

  #textOf(length: number, read: (from: number, to: number) => string): string {
    return textInPieces(Math.min(length, this.bytes.length), this.#copying, read);
  }

  #isLatin1(text: string): boolean {
    if (text.length <= PIECE_BYTES) return isLatin1(text);
    let is = true;
    inPieces(text.length, this.#copying, (from, to) => {
      is &&= isLatin1(text.slice(from, to));
    });
    return is;
  }

  /** Short texts recur: names of tables, keys, headers. To compare one with what was there last is faster than to make it anew. */
  #shortText(at: number, length: number): string {
    const { bytes } = this;
    const place = (length * 31 + (bytes[at] ?? 0) * 7 + (bytes[at + length - 1] ?? 0)) & (RECENT - 1);
    const recent = this.#recent[place];
    if (recent?.length === length) {
      let same = 0;
      while (same < length && recent.charCodeAt(same) === bytes[at + same]) same += 1;
      if (same === length) return recent;
    }
    const text = this.#text.latin1Slice(at, at + length);
    this.#recent[place] = text;
    return text;
  }

  #put(slot: number, tag: number, length = 0): void {
    const word = this.#word + slot * WORDS;
    this.#words[word] = tag;
    this.#words[word + 1] = length;
  }
}

/** Copying so little is faster here than by a call of V8's. */
const SHORT = 32;
/** A power of two. */
const RECENT = 128;
// eslint-disable-next-line no-control-regex -- every unit of one byte
const onlyLatin1 = /^[\0-\xff]*$/;

function isLatin1(text: string): boolean {
  if (text.length > SHORT) return onlyLatin1.test(text);
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0xff) return false;
  return true;
}
