import '../errors.ts';
import type { Datatype } from '@enclos/open-inference';

/** An input or output of a model, as the file declares it. */
export interface ModelValue {
  readonly name: string;
  /** What it is; only dense tensors have a datatype and a shape. */
  readonly kind: 'map' | 'optional' | 'sequence' | 'sparse-tensor' | 'tensor' | 'unknown';
  /** Absent for element types that the Open Inference Protocol does not carry. */
  readonly datatype?: Datatype;
  /** A dimension of -1 is variable. Absent when the file does not say how many dimensions there are. */
  readonly shape?: readonly number[];
  /** The name that the file gives each variable dimension, as long as `shape`; undefined for one without a name. */
  readonly dimensionNames?: readonly (string | undefined)[];
}

/** How often a model uses an operator, in its subgraphs and functions too. */
export interface OperatorUse {
  /** Empty for the operators of ONNX itself. */
  readonly domain: string;
  readonly operator: string;
  readonly count: number;
}

/** What an ONNX file says of itself. None of it was checked by running the model. */
export interface ModelFacts {
  /** Bytes of the file. */
  readonly sizeBytes: number;
  readonly irVersion: number;
  readonly producer: string;
  readonly producerVersion: string;
  readonly domain: string;
  readonly modelVersion: bigint;
  /** The versions of the operator sets, by domain; the domain of ONNX itself is empty. */
  readonly opsets: ReadonlyMap<string, number>;
  /** What a caller gives. Inputs with a default in the file are in `optionalInputs`. */
  readonly inputs: readonly ModelValue[];
  readonly optionalInputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  /** Tensors in the file: initializers and constants, also those of subgraphs and functions. */
  readonly weights: { readonly count: number; readonly sizeBytes: number };
  /** In the order of domain and name. */
  readonly operators: readonly OperatorUse[];
  /** Functions that the file defines, as `domain:name`. */
  readonly functions: readonly string[];
  /** Values of more than 4,096 bytes are left out, and their keys kept with an empty value. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** What a file may hold. Each bound is checked before anything of that size is kept. */
export interface ModelLimits {
  readonly maxBytes: number;
  /** Nodes of all graphs and functions together. */
  readonly maxNodes: number;
  /** Initializers and constants of all graphs and functions together. */
  readonly maxWeights: number;
  /** Inputs, and outputs, of the main graph. */
  readonly maxValues: number;
}

export const defaultModelLimits: ModelLimits = Object.freeze({
  maxBytes: 2 ** 31 - 1,
  maxNodes: 1_000_000,
  maxWeights: 1_000_000,
  maxValues: 100_000,
});
