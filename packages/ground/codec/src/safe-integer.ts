import { EnclosError } from '@enclos/errors';
import type { ByteReader } from './reader.ts';

/**
 * The next 64-bit integer as a number, without the object that a bigint is. It has its own file, since every enclave holds the reader.
 * @throws CODEC_OUT_OF_RANGE above 2^53 - 1
 */
export function readSafeU64(reader: ByteReader): number {
  const at = reader.offset;
  const low = reader.u32();
  const value = low + reader.u32() * 2 ** 32;
  if (!Number.isSafeInteger(value)) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `The integer at offset ${at} is above 2^53 - 1.`);
  }
  return value;
}
