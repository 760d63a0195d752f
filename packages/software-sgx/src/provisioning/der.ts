import { concatBytes } from '@enclos/codec';

/** DER writers (X.690) for the few types in the SGX extension of a PCK certificate. */
function encode(tag: number, content: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(tag), length(content.length), content);
}

function length(value: number): Uint8Array {
  if (value < 0x80) return Uint8Array.of(value);
  if (value < 0x100) return Uint8Array.of(0x81, value);
  return Uint8Array.of(0x82, value >> 8, value & 0xff);
}

export function derSequence(...items: readonly Uint8Array[]): Uint8Array {
  return encode(0x30, concatBytes(...items));
}

export function derOctetString(bytes: Uint8Array): Uint8Array {
  return encode(0x04, bytes);
}

export function derBoolean(value: boolean): Uint8Array {
  return encode(0x01, Uint8Array.of(value ? 0xff : 0));
}

export function derEnumerated(value: number): Uint8Array {
  return encode(0x0a, Uint8Array.of(value));
}

/** A non-negative INTEGER of at most 32 bits. */
export function derInteger(value: number): Uint8Array {
  const bytes = [value & 0xff];
  for (let rest = value >>> 8; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
  return encode(0x02, Uint8Array.from(bytes));
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function derOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return encode(0x06, Uint8Array.from([40 * first + second, ...rest].flatMap(base128)));
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}
