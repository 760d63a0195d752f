import type { Datatype, Tensor } from '@enclos/open-inference';

/** An input or output of a graph. */
export interface GraphValue {
  readonly name: string;
  readonly datatype: Datatype;
  /** A text is the name of a dimension of any size, and an empty one that of one without a name. Without a shape it has any number of dimensions. */
  readonly shape?: readonly (number | string)[] | undefined;
  /** What the tensor is in: a list of such tensors, or one that may be absent. Default: nothing. */
  readonly within?: 'optional' | 'sequence' | undefined;
}

/** An attribute of a node. Numbers are floats, and integers are bigints, since ONNX tells one from the other. */
export type GraphAttribute =
  | bigint
  | number
  | string
  | Tensor
  | Graph
  | readonly bigint[]
  | readonly number[]
  | readonly string[];

export interface GraphNode {
  /** The operator, such as `Add`. */
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, GraphAttribute>>;
  /** Default: that of ONNX itself. */
  readonly domain?: string;
}

/** Nodes in an order in which each uses only what those before it give. */
export interface Graph {
  /** Default: `graph`. */
  readonly name?: string;
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** Weights and other constants. Default: none. */
  readonly initializers?: readonly Tensor[];
}

export interface GraphModel extends Graph {
  /** The version of ONNX's own operators. Default: 17. */
  readonly opset?: number;
  /** Versions of other operator sets, by domain. */
  readonly domains?: Readonly<Record<string, number>>;
  /** The version of the file format. Default: 8, which fits opset 17. */
  readonly irVersion?: number;
  /** Default: `enclos`. */
  readonly producer?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}
