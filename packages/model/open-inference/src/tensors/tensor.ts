import '../errors.ts';
import type { Datatype } from './datatype.ts';

/**
 * A named array of numbers, truth values or byte strings.
 *
 * `data` is little-endian and row-major. BOOL takes one byte, 0 or 1. Each element of BYTES is its length as a 32-bit number and
 * then its bytes: the binary form of Triton's tensor extension. A shape of no dimensions is a scalar: one element.
 */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** What a model says of an input or an output. A dimension of -1 is variable; without dimensions it is a scalar, or has any number of them. */
export interface TensorFacts {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** What tensors may cost. Each bound is checked before anything of that size is allocated. */
export interface TensorLimits {
  /** Tensors of one message. */
  readonly maxTensors: number;
  /** Dimensions of one tensor. */
  readonly maxDimensions: number;
  /** Elements of one tensor; also the largest single dimension. */
  readonly maxElements: number;
  /** Bytes of `data` of one tensor. */
  readonly maxBytes: number;
  /** Elements of all tensors of a message that are listed one by one, in JSON or in protobuf. */
  readonly maxListedElements: number;
  /** Bytes of the JSON of a message; tensors in binary do not count. */
  readonly maxJsonBytes: number;
}

/** Enough for an image of 4096 by 4096 pixels in FP32, and little enough for one message in memory. */
export const defaultTensorLimits: TensorLimits = Object.freeze({
  maxTensors: 64,
  maxDimensions: 16,
  maxElements: 16_777_216,
  maxBytes: 67_108_864,
  maxListedElements: 16_777_216,
  maxJsonBytes: 268_435_456,
});

/** Characters (UTF-16 code units) of the name of a tensor or model. */
export const maximumNameLength = 256;
