import { fromHex, toHex } from '@enclos/codec';

/** A number from its bytes, most significant first; none is zero. */
export function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x0${toHex(bytes)}`);
}

/** The bytes of a number, most significant first, without leading zeros; zero is one zero byte. */
export function bytesOf(value: bigint): Uint8Array {
  const hex = value.toString(16);
  return fromHex(hex.length % 2 === 0 ? hex : `0${hex}`);
}

/** The number below `modulus` whose product with `value` is 1 modulo it; undefined where they have a common factor. For small numbers. */
export function inverseOf(value: bigint, modulus: bigint): bigint | undefined {
  let [rest, next] = [modulus, value % modulus];
  let [before, factor] = [0n, 1n];
  while (next !== 0n) {
    const times = rest / next;
    [rest, next] = [next, rest - times * next];
    [before, factor] = [factor, before - times * factor];
  }
  return rest === 1n ? ((before % modulus) + modulus) % modulus : undefined;
}
