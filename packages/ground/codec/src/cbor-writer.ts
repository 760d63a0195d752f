import { concatBytes, utf8 } from './bytes.ts';
import { CborType } from './cbor.ts';

/** One value of CBOR in its deterministic form (RFC 8949 section 4.2.1): the functions below give no other. */
function head(type: number, argument: number): Uint8Array {
  const first = type << 5;
  if (argument < 24) return Uint8Array.of(first | argument);
  const bytes = argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : argument < 0x1_0000_0000 ? 4 : 8;
  const encoded = new Uint8Array(1 + bytes);
  encoded[0] = first | (24 + Math.log2(bytes));
  for (let at = bytes, rest = argument; at > 0; at--, rest = Math.floor(rest / 256)) encoded[at] = rest % 256;
  return encoded;
}

/** An unsigned integer below 2^53. */
export function cborUnsigned(value: number): Uint8Array {
  return head(CborType.UNSIGNED, value);
}

/** An integer of either sign, between -2^53 + 1 and 2^53 - 1. */
export function cborInteger(value: number): Uint8Array {
  return value < 0 ? head(CborType.NEGATIVE, -1 - value) : cborUnsigned(value);
}

export function cborNull(): Uint8Array {
  return head(CborType.SIMPLE, 22);
}

export function cborBoolean(value: boolean): Uint8Array {
  return head(CborType.SIMPLE, value ? 21 : 20);
}

export function cborBytes(bytes: Uint8Array): Uint8Array {
  return concatBytes(head(CborType.BYTES, bytes.length), bytes);
}

export function cborText(text: string): Uint8Array {
  const bytes = utf8(text);
  return concatBytes(head(CborType.TEXT, bytes.length), bytes);
}

export function cborArray(...items: readonly Uint8Array[]): Uint8Array {
  return concatBytes(head(CborType.ARRAY, items.length), ...items);
}

/** A map with text keys, in the order of their encoded bytes. */
export function cborMap(members: Readonly<Record<string, Uint8Array>>): Uint8Array {
  return cborLabelledMap(Object.entries(members));
}

/** A map whose keys are integers or texts, in the order of their encoded bytes. The caller gives no key twice. */
export function cborLabelledMap(members: Iterable<readonly [key: number | string, value: Uint8Array]>): Uint8Array {
  const pairs = [...members]
    .map(([key, value]) => ({ key: typeof key === 'string' ? cborText(key) : cborInteger(key), value }))
    .toSorted((left, right) => compareBytes(left.key, right.key));
  return concatBytes(head(CborType.MAP, pairs.length), ...pairs.flatMap(({ key, value }) => [key, value]));
}

export function cborTag(tag: number, value: Uint8Array): Uint8Array {
  return concatBytes(head(CborType.TAG, tag), value);
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
