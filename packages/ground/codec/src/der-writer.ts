import { concatBytes, utf8 } from './bytes.ts';
import { DerTag } from './der.ts';

/** One DER value (X.690) of any tag of one octet. The functions below are for the types that certificates and CRLs need. */
export function derValue(tag: number, content: Uint8Array): Uint8Array {
  const lengthBytes = length(content.length);
  const value = new Uint8Array(1 + lengthBytes.length + content.length);
  value[0] = tag;
  value.set(lengthBytes, 1);
  value.set(content, 1 + lengthBytes.length);
  return value;
}

function length(value: number): Uint8Array {
  if (value < 0x80) return Uint8Array.of(value);
  if (value < 0x100) return Uint8Array.of(0x81, value);
  if (value < 0x1_0000) return Uint8Array.of(0x82, value >> 8, value & 0xff);
  return Uint8Array.of(0x83, value >> 16, (value >> 8) & 0xff, value & 0xff);
}

export function derSequence(...items: readonly Uint8Array[]): Uint8Array {
  return derValue(DerTag.SEQUENCE, concatBytes(...items));
}

export function derOctetString(bytes: Uint8Array): Uint8Array {
  return derValue(DerTag.OCTET_STRING, bytes);
}

export function derBoolean(value: boolean): Uint8Array {
  return derValue(DerTag.BOOLEAN, Uint8Array.of(value ? 0xff : 0));
}

export function derEnumerated(value: number): Uint8Array {
  return derValue(DerTag.ENUMERATED, Uint8Array.of(value));
}

/** A non-negative INTEGER of at most 32 bits. */
export function derInteger(value: number): Uint8Array {
  const bytes = [value & 0xff];
  for (let rest = value >>> 8; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
  return derValue(DerTag.INTEGER, Uint8Array.from(bytes));
}

/** A non-negative INTEGER from its bytes, most significant first. */
export function derMagnitude(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const minimal = first === -1 ? Uint8Array.of(0) : bytes.subarray(first);
  return derValue(DerTag.INTEGER, (minimal[0] ?? 0) < 0x80 ? minimal : concatBytes(Uint8Array.of(0), minimal));
}

/**
 * ECDSA-Sig-Value (RFC 5480 appendix A) of a signature in its fixed form, r and then s in as many bytes each. It drops leading
 * zeros: check the length of the fixed form first, or one signature has several.
 */
export function derEcdsaSignature(fixed: Uint8Array): Uint8Array {
  const half = fixed.length / 2;
  // In one array, and not by `derMagnitude`: signatures are verified for every token. Each number takes three bytes more at most.
  const content = new Uint8Array(fixed.length + 6);
  const middle = putMagnitude(fixed.subarray(0, half), content, 0);
  const end = putMagnitude(fixed.subarray(half), content, middle);
  return derValue(DerTag.SEQUENCE, content.subarray(0, end));
}

/** Writes what `derMagnitude` makes of at most 126 bytes. @returns where it ends */
function putMagnitude(bytes: Uint8Array, into: Uint8Array, at: number): number {
  let first = 0;
  while (first < bytes.length - 1 && bytes[first] === 0) first++;
  const padding = (bytes[first] ?? 0) < 0x80 ? 0 : 1;
  const sizeBytes = padding + bytes.length - first;
  into[at] = DerTag.INTEGER;
  into[at + 1] = sizeBytes;
  into.set(bytes.subarray(first), at + 2 + padding);
  return at + 2 + sizeBytes;
}

/** A BIT STRING. The last `unusedBits` bits, 0 to 7, are not part of it; DER wants them to be zero. */
export function derBitString(bytes: Uint8Array, unusedBits = 0): Uint8Array {
  return derValue(DerTag.BIT_STRING, concatBytes(Uint8Array.of(unusedBits), bytes));
}

/** `[tag]` EXPLICIT. */
export function derExplicit(tag: number, content: Uint8Array): Uint8Array {
  return derValue(0xa0 | tag, content);
}

/** A Time in whole seconds: UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5). */
export function derTime(date: Date): Uint8Array {
  const digits = `${date.toISOString().slice(0, 19).replaceAll(/\D/g, '')}Z`;
  return date.getUTCFullYear() < 2050
    ? derValue(DerTag.UTC_TIME, utf8(digits.slice(2)))
    : derValue(DerTag.GENERALIZED_TIME, utf8(digits));
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function derOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return derValue(DerTag.OBJECT_IDENTIFIER, Uint8Array.from([40 * first + second, ...rest].flatMap(base128)));
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}
