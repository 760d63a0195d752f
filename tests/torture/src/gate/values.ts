import type { Random } from '../random.ts';
import { joined, noise } from './mutate.ts';
import { varintBytes, type Shape } from './shape.ts';

/** Bytes of a value of this shape, at the bounds of its grammar as often as not. Mostly below a few kilobytes. */
export function makeValue(shape: Shape, random: Random): Uint8Array {
  const parts: Uint8Array[] = [];
  write(shape, random, parts);
  return joined(parts);
}

/** Bytes that are wrong where the codec has a rule of its own: mostly one of them, sometimes none. */
export function makeFlawedValue(shape: Shape, random: Random): Uint8Array {
  const parts: Uint8Array[] = [];
  write(shape, { ...random, flawed: true }, parts);
  const end = random.below(8) === 0 ? [random.bytes(1 + random.below(3))] : [];
  return joined([...parts, ...end]);
}

/** One node in so many is written wrongly. */
const flawEvery = 6;

interface Hand extends Random {
  readonly flawed?: true;
}

function slips(hand: Hand): boolean {
  return hand.flawed === true && hand.below(flawEvery) === 0;
}

const integers = [0n, 1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0x7fff_ffffn, 0x8000_0000n, 2n ** 63n, 2n ** 64n - 1n];
const floats = [0, -0, 1, -1, Number.MAX_VALUE, Number.MIN_VALUE, Infinity, -Infinity, NaN, 2 ** 53, 0.1];
/** One to four bytes of UTF-8, a leading byte order mark, and what a terminal would obey. */
const characters = ['a', 'ä', '€', '😀', '\ufeff', '\0', '\u001b', '\u202e', '\u2028', 'Z'];
const largeSeldom = 64;

function write(shape: Shape, random: Hand, parts: Uint8Array[]): void {
  switch (shape.kind) {
    case 'integer':
      parts.push(littleEndian(random.pick(integers), shape.sizeBytes - (slips(random) ? 1 : 0)));
      return;
    case 'exact':
      parts.push(noise(random, shape.sizeBytes + (slips(random) ? random.below(3) - 1 : 0)));
      return;
    case 'boolean':
      parts.push(Uint8Array.of(slips(random) ? 2 + random.below(254) : random.below(2)));
      return;
    case 'float64':
      // Another NaN than the canonical one.
      if (slips(random)) parts.push(Uint8Array.of(random.below(256), 0, 0, 0, 0, 1, 0xf8, 0x7f));
      else parts.push(new Uint8Array(Float64Array.of(random.pick(floats)).buffer));
      return;
    case 'nothing':
      return;
    case 'bigint':
      return writeBigint(shape.maxBytes, random, parts);
    case 'bytes': {
      const size = slips(random) ? outside(shape, random) : someCount(shape, random);
      parts.push(count(size, random), noise(random, size));
      return;
    }
    case 'string': {
      const text = slips(random) ? random.pick(malformed) : someText(shape, random);
      parts.push(count(text.length, random), text);
      return;
    }
    case 'array': {
      const few = { min: shape.min, max: Math.min(shape.max, 4 + shape.min) };
      const items = slips(random) ? outside(shape, random) : someCount(few, random);
      parts.push(count(items, random));
      for (let i = 0; i < items; i++) write(shape.item, random, parts);
      return;
    }
    case 'record':
      for (const field of shape.fields) write(field, random, parts);
      return;
    case 'option': {
      const present = slips(random) ? 2 : random.below(2);
      parts.push(Uint8Array.of(present));
      if (present === 1) write(shape.item, random, parts);
      return;
    }
    case 'union': {
      const index = slips(random) ? shape.variants.length : random.below(shape.variants.length);
      parts.push(count(index, random));
      const variant = shape.variants[index];
      if (variant !== undefined) write(variant, random, parts);
      return;
    }
    case 'enumeration':
      parts.push(count(slips(random) ? shape.count : random.below(shape.count), random));
      return;
  }
}

/** One too few or too many, where that is a number; never so many that it takes long. */
function outside({ min, max }: { readonly min: number; readonly max: number }, random: Random): number {
  return min > 0 && random.below(2) === 0 ? min - 1 : Math.min(max + 1, 2000);
}

/** A lone continuation, a surrogate, an overlong form, beyond the last character, cut off. */
const malformed = [[0x80], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]].map((bytes) =>
  Uint8Array.from(bytes),
);

/** A number in its one form; a hand that slips writes it too long, in one of two ways. */
function count(value: number, random: Hand): Uint8Array {
  const right = varint(value);
  if (!slips(random)) return right;
  const last = right.length - 1;
  const padded = random.below(2) === 0 ? [0x80, 0] : [0x80, 0x80, 0x80, 0x80, 0x80, 0];
  return joined([right.subarray(0, last), Uint8Array.of((right[last] ?? 0) | 0x80), Uint8Array.from(padded.slice(1))]);
}

/** At a bound, or near one; the largest seldom when it is large. */
function someCount({ min, max }: { readonly min: number; readonly max: number }, random: Random): number {
  const small = Math.min(max, min + 300);
  if (max > small && random.below(largeSeldom) === 0) return max - random.below(2);
  return random.pick([min, min, small, Math.min(small, min + 1), min + random.below(small - min + 1)]);
}

function someText(bounds: { readonly min: number; readonly max: number }, random: Random): Uint8Array {
  const wanted = someCount(bounds, random);
  let text = '';
  let size = 0;
  while (size < wanted) {
    const next = random.pick(characters);
    const nextBytes = Buffer.byteLength(next);
    const character = size + nextBytes <= wanted ? next : 'x';
    text += character;
    size += Buffer.byteLength(character);
  }
  return new TextEncoder().encode(text);
}

function writeBigint(maxBytes: number, random: Hand, parts: Uint8Array[]): void {
  const size = slips(random) ? maxBytes + 1 : random.pick([0, 1, maxBytes, 1 + random.below(maxBytes)]);
  if (size === 0) {
    // A zero that is negative.
    parts.push(Uint8Array.of(slips(random) ? 1 : 0));
    return;
  }
  const magnitude = noise(random, size).slice();
  magnitude[size - 1] = slips(random) ? 0 : 1 + random.below(255);
  parts.push(count(2 * size + random.below(2), random), magnitude);
}

function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(varintBytes(value));
  let rest = value;
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = (rest % 128) | (at + 1 < bytes.length ? 128 : 0);
    rest = Math.floor(rest / 128);
  }
  return bytes;
}

function littleEndian(value: bigint, sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

/** Whether the bytes are the one encoding of a value of this shape, and nothing more. */
export function isValue(shape: Shape, bytes: Uint8Array): boolean {
  return check(shape, bytes, 0) === bytes.length;
}

const wrong = -1;

/** Where the value ends that begins at `at`, or -1. */
function check(shape: Shape, bytes: Uint8Array, at: number): number {
  switch (shape.kind) {
    case 'integer':
    case 'exact':
      return within(bytes, at + shape.sizeBytes);
    case 'boolean':
      return (bytes[at] ?? 2) <= 1 ? at + 1 : wrong;
    case 'float64':
      return checkFloat(bytes, at);
    case 'nothing':
      return at;
    case 'bigint':
      return checkBigint(bytes, at, shape.maxBytes);
    case 'bytes':
    case 'string':
      return checkSized(shape, bytes, at);
    case 'array':
      return checkArray(shape, bytes, at);
    case 'record':
      return shape.fields.reduce((end, field) => (end === wrong ? wrong : check(field, bytes, end)), at);
    case 'option':
      if (bytes[at] === 0) return at + 1;
      return bytes[at] === 1 ? check(shape.item, bytes, at + 1) : wrong;
    case 'union':
      return checkUnion(shape.variants, bytes, at);
    case 'enumeration': {
      const { value, end } = readVarint(bytes, at);
      return value < shape.count ? end : wrong;
    }
  }
}

function within(bytes: Uint8Array, end: number): number {
  return end <= bytes.length ? end : wrong;
}

/** In the shortest form and of at most five bytes; otherwise not a number. */
function readVarint(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) break;
    value += (byte & 127) * 128 ** i;
    if (byte < 128) return i > 0 && byte === 0 ? { value: NaN, end: wrong } : { value, end: at + i + 1 };
  }
  return { value: NaN, end: wrong };
}

function checkFloat(bytes: Uint8Array, at: number): number {
  if (at + 8 > bytes.length) return wrong;
  const own = bytes.slice(at, at + 8);
  const isNaN = Number.isNaN(new DataView(own.buffer).getFloat64(0, true));
  const isCanonical = own.every((byte, i) => byte === [0, 0, 0, 0, 0, 0, 0xf8, 0x7f][i]);
  return isNaN && !isCanonical ? wrong : at + 8;
}

function checkBigint(bytes: Uint8Array, at: number, maxBytes: number): number {
  const { value, end } = readVarint(bytes, at);
  if (value === 0) return end;
  const size = Math.floor(value / 2);
  // Written so that NaN is wrong.
  if (!(size >= 1 && size <= maxBytes) || end + size > bytes.length) return wrong;
  return bytes[end + size - 1] === 0 ? wrong : end + size;
}

function checkSized(
  { kind, min, max }: { readonly kind: string; readonly min: number; readonly max: number },
  bytes: Uint8Array,
  at: number,
): number {
  const { value, end } = readVarint(bytes, at);
  if (!(value >= min && value <= max) || end + value > bytes.length) return wrong;
  return kind === 'bytes' || isUtf8(bytes.subarray(end, end + value)) ? end + value : wrong;
}

function checkArray(
  { item, min, max }: { readonly item: Shape; readonly min: number; readonly max: number },
  bytes: Uint8Array,
  at: number,
): number {
  const { value, end } = readVarint(bytes, at);
  if (!(value >= min && value <= max)) return wrong;
  let next = end;
  for (let i = 0; i < value && next !== wrong; i++) next = check(item, bytes, next);
  return next;
}

function checkUnion(variants: readonly Shape[], bytes: Uint8Array, at: number): number {
  const { value, end } = readVarint(bytes, at);
  const variant = variants[value];
  return variant === undefined ? wrong : check(variant, bytes, end);
}

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
