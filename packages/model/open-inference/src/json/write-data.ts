import { decodeUtf8 } from '@enclos/codec/text';
import { EnclosError } from '@enclos/errors';
import type { Tensor } from '../tensors/tensor.ts';
import { decodeByteStrings, elementsOf, floatsOf, type TensorValues } from '../tensors/values.ts';

/**
 * The data of a tensor as a flat JSON array. A number reads back as the same bits: those of 64 bits are written in full, although a
 * reader that makes doubles of them loses digits beyond 2^53.
 *
 * @throws INFERENCE_NOT_JSON for NaN, infinities, and byte strings that are not UTF-8, which JSON cannot express. They have no
 *   stand-in: `null` or "NaN" would be read as something else by some clients.
 */
export function tensorDataJson(tensor: Tensor, at: string): string {
  const { datatype, data } = tensor;
  switch (datatype) {
    case 'BOOL':
      return `[${Array.from(data, (value) => value === 1).join()}]`;
    case 'BYTES':
      return `[${decodeByteStrings(data)
        .map((bytes) => JSON.stringify(textOf(bytes, at)))
        .join()}]`;
    case 'FP16':
    case 'BF16':
    case 'FP32':
      return floatsJson(floatsOf(tensor), at);
    case 'FP64':
      return floatsJson(elementsOf(data, 'FP64'), at);
    default:
      return integersJson(elementsOf(data, datatype));
  }
}

function integersJson(values: TensorValues): string {
  return `[${values.join()}]`;
}

/** Finite numbers as a JSON array. @throws INFERENCE_NOT_JSON for others. */
export function floatsJson(values: Float32Array | Float64Array, at: string): string {
  let hasNegativeZero = false;
  for (const value of values) {
    if (!Number.isFinite(value)) throw notJson(at, 'a number that is not finite');
    hasNegativeZero ||= Object.is(value, -0);
  }
  // JavaScript writes -0 as 0.
  return `[${hasNegativeZero ? Array.from(values, (value) => (Object.is(value, -0) ? '-0' : value)).join() : values.join()}]`;
}

function textOf(bytes: Uint8Array, at: string): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    throw notJson(at, 'a byte string that is not UTF-8');
  }
}

function notJson(at: string, what: string): EnclosError {
  return new EnclosError('INFERENCE_NOT_JSON', `${at} has ${what}.`, { details: { at } });
}
