import { toBase64url } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { isEnclosError } from '@enclos/errors';
import { byteStringsOf, floatsOf, valuesOf, type Tensor } from '@enclos/open-inference';

/** An element as JSON has it. */
export type ElementJson = boolean | number | string;

/**
 * The elements of a tensor for people and scripts: integers beyond 2^53 and numbers that JSON lacks as texts, bytes that are not UTF-8 in
 * base64url.
 */
export function elementsOf(tensor: Tensor): readonly ElementJson[] {
  const { datatype } = tensor;
  switch (datatype) {
    case 'BYTES':
      return byteStringsOf(tensor).map(textOf);
    case 'BOOL':
      return [...valuesOf(tensor, datatype)].map((value) => value !== 0);
    case 'FP16':
    case 'BF16':
    case 'FP32':
      return [...floatsOf(tensor)].map(numberOf);
    case 'FP64':
      return [...valuesOf(tensor, datatype)].map(numberOf);
    case 'INT64':
    case 'UINT64':
      return [...valuesOf(tensor, datatype)].map((value) =>
        Number.isSafeInteger(Number(value)) ? Number(value) : String(value),
      );
    case 'INT8':
    case 'INT16':
    case 'INT32':
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
      return [...valuesOf(tensor, datatype)];
  }
}

function numberOf(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function textOf(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return toBase64url(bytes);
  }
}
