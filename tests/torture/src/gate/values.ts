import type { Random } from '../random.ts';
import { joined, noise } from './mutate.ts';
import { varintBytes, type Shape } from './shape.ts';

/** Bytes of a value of this shape, at the bounds of its grammar as often as not. Mostly below a few kilobytes. */
export function makeValue(shape: Shape, random: Random): Uint8Array {
  const parts: Uint8Array[] = [];
  write(shape, random, parts);
  return joined(parts);
}

const integers = [0n, 1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0x7fff_ffffn, 0x8000_0000n, 2n ** 63n, 2n ** 64n - 1n];
const floats = [0, -0, 1, -1, Number.MAX_VALUE, Number.MIN_VALUE, Infinity, -Infinity, NaN, 2 ** 53, 0.1];
/** One to four bytes of UTF-8, a leading byte order mark, and what a terminal would obey. */
const characters = ['a', 'ä', '€', '😀', '\ufeff', '\0', '\u001b', '\u202e', '\u2028', 'Z'];
const largeSeldom = 64;

function write(shape: Shape, random: Random, parts: Uint8Array[]): void {
  switch (shape.kind) {
    case 'integer':
      parts.push(littleEndian(random.pick(integers), shape.sizeBytes));
      return;
    case 'exact':
      parts.push(noise(random, shape.sizeBytes));
      return;
    case 'boolean':
      parts.push(Uint8Array.of(random.below(2)));
      return;
    case 'float64':
      parts.push(new Uint8Array(Float64Array.of(random.pick(floats)).buffer));
      return;
    case 'nothing':
      return;
    case 'bigint':
      return writeBigint(shape.maxBytes, random, parts);
    case 'bytes': {
      const size = someCount(shape, random);
      parts.push(varint(size), noise(random, size));
      return;
    }
    case 'string': {
      const text = someText(shape, random);
      parts.push(varint(text.length), text);
      return;
    }
    case 'array': {
      const count = someCount({ min: shape.min, max: Math.min(shape.max, 4 + shape.min) }, random);
      parts.push(varint(count));
      for (let i = 0; i < count; i++) write(shape.item, random, parts);
      return;
    }
    case 'record':
      for (const field of shape.fields) write(field, random, parts);
      return;
    case 'option': {
      const present = random.below(2);
      parts.push(Uint8Array.of(present));
      if (present === 1) write(shape.item, random, parts);
      return;
    }
    case 'union': {
      const index = random.below(shape.variants.length);
      parts.push(varint(index));
      const variant = shape.variants[index];
      if (variant !== undefined) write(variant, random, parts);
      return;
    }
    case 'enumeration':
      parts.push(varint(random.below(shape.count)));
      return;
  }
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

function writeBigint(maxBytes: number, random: Random, parts: Uint8Array[]): void {
  const size = random.pick([0, 1, maxBytes, 1 + random.below(maxBytes)]);
  if (size === 0) {
    parts.push(Uint8Array.of(0));
    return;
  }
  const magnitude = noise(random, size).slice();
  magnitude[size - 1] = 1 + random.below(255);
  parts.push(varint(2 * size + random.below(2)), magnitude);
}

export function varint(value: number): Uint8Array {
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
