import { fromHex, toHex } from '@enclos/codec';

/** Bytes of an RSA-3072 integer. */
export const RSA_BYTES = 384;

/** SIGSTRUCT stores integers little-endian. */
export function littleEndianToInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.toReversed())}`);
}

/** `value` must be below 2^3072, which holds for anything reduced by an RSA-3072 modulus. */
export function integerToLittleEndian(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * RSA_BYTES, '0')).reverse();
}
