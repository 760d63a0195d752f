/** Small ONNX models (onnx.proto), written without a library. */

const encoder = new TextEncoder();

function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

const number = (field: number, value: number | bigint): number[] => [...varint(field << 3), ...varint(value)];
const bytes = (field: number, content: Iterable<number>): number[] => {
  const all = [...content];
  return [...varint((field << 3) | 2), ...varint(all.length), ...all];
};
const text = (field: number, value: string): number[] => bytes(field, encoder.encode(value));

/** The numbers of element types (TensorProto.DataType). */
export const elementTypes = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
  BF16: 16,
} as const;
export type ElementType = keyof typeof elementTypes;

export interface Value {
  readonly name: string;
  readonly type: ElementType;
  /** A text is a variable dimension. */
  readonly shape: readonly (number | string)[];
}

export interface Constant {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export type Attribute = { readonly int: number } | { readonly tensor: Constant } | { readonly graph: Graph };

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly constants?: readonly Constant[];
}

const tensor = ({ name, type, shape, data }: Constant): number[] => [
  ...shape.flatMap((size) => number(1, size)),
  ...number(2, elementTypes[type]),
  ...text(8, name),
  ...bytes(9, data),
];

const dimension = (size: number | string): number[] =>
  bytes(1, typeof size === 'number' ? number(1, size) : text(2, size));

const value = ({ name, type, shape }: Value): number[] => [
  ...text(1, name),
  ...bytes(2, bytes(1, [...number(1, elementTypes[type]), ...bytes(2, shape.flatMap(dimension))])),
];

function attribute(name: string, given: Attribute): number[] {
  if ('int' in given) return [...text(1, name), ...number(3, given.int), ...number(20, 2)];
  if ('tensor' in given) return [...text(1, name), ...bytes(5, tensor(given.tensor)), ...number(20, 4)];
  return [...text(1, name), ...bytes(6, graph(given.graph)), ...number(20, 5)];
}

const node = ({ op, inputs, outputs, attributes = {} }: Node): number[] => [
  ...inputs.flatMap((name) => text(1, name)),
  ...outputs.flatMap((name) => text(2, name)),
  ...text(4, op),
  ...Object.entries(attributes).flatMap(([name, given]) => bytes(5, attribute(name, given))),
];

const graph = ({ nodes, inputs, outputs, constants = [] }: Graph): number[] => [
  ...nodes.flatMap((each) => bytes(1, node(each))),
  ...text(2, 'graph'),
  ...constants.flatMap((each) => bytes(5, tensor(each))),
  ...inputs.flatMap((each) => bytes(11, value(each))),
  ...outputs.flatMap((each) => bytes(12, value(each))),
];

/** A model of the graph, in the form that its file has. */
function writeModel(given: Graph, opset = 17): Uint8Array {
  return new Uint8Array([
    ...number(1, 8),
    ...bytes(7, graph(given)),
    ...bytes(8, [...text(1, ''), ...number(2, opset)]),
  ]);
}

/** A model that gives back what it gets. */
export function identityModel(type: ElementType, shape: readonly (number | string)[]): Uint8Array {
  return writeModel({
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
    inputs: [{ name: 'x', type, shape }],
    outputs: [{ name: 'y', type, shape }],
  });
}

/** A model that computes for `rounds` rounds, each of a microsecond or so. */
export function loopModel(): Uint8Array {
  const one = new Uint8Array([1]);
  return writeModel({
    nodes: [
      {
        op: 'Loop',
        inputs: ['rounds', 'always', 'x'],
        outputs: ['y'],
        attributes: {
          body: {
            graph: {
              nodes: [
                { op: 'Identity', inputs: ['on'], outputs: ['goOn'] },
                { op: 'Add', inputs: ['last', 'last'], outputs: ['next'] },
              ],
              inputs: [
                { name: 'round', type: 'INT64', shape: [] },
                { name: 'on', type: 'BOOL', shape: [] },
                { name: 'last', type: 'FP32', shape: [1] },
              ],
              outputs: [
                { name: 'goOn', type: 'BOOL', shape: [] },
                { name: 'next', type: 'FP32', shape: [1] },
              ],
            },
          },
        },
      },
    ],
    inputs: [
      { name: 'rounds', type: 'INT64', shape: [] },
      { name: 'x', type: 'FP32', shape: [1] },
    ],
    outputs: [{ name: 'y', type: 'FP32', shape: [1] }],
    constants: [{ name: 'always', type: 'BOOL', shape: [], data: one }],
  });
}

/** A model of rows: each of four numbers times a fixed matrix, and the sum with a fixed row. */
export function rowsModel(): Uint8Array {
  const weights = Float32Array.from({ length: 16 }, (_unused, at) => Math.sin(at + 1));
  const bias = Float32Array.of(0.5, -0.25, 0.125, 3);
  return writeModel({
    nodes: [
      { op: 'MatMul', inputs: ['x', 'weights'], outputs: ['product'] },
      { op: 'Add', inputs: ['product', 'bias'], outputs: ['y'] },
    ],
    inputs: [{ name: 'x', type: 'FP32', shape: ['rows', 4] }],
    outputs: [{ name: 'y', type: 'FP32', shape: ['rows', 4] }],
    constants: [
      { name: 'weights', type: 'FP32', shape: [4, 4], data: new Uint8Array(weights.buffer) },
      { name: 'bias', type: 'FP32', shape: [4], data: new Uint8Array(bias.buffer) },
    ],
  });
}

/** A model that takes the numbers at some places of a fixed list of three: other places fail. */
export function gatherModel(): Uint8Array {
  return writeModel({
    nodes: [{ op: 'Gather', inputs: ['list', 'places'], outputs: ['y'] }],
    inputs: [{ name: 'places', type: 'INT64', shape: ['rows'] }],
    outputs: [{ name: 'y', type: 'INT32', shape: ['rows'] }],
    constants: [{ name: 'list', type: 'INT32', shape: [3], data: new Uint8Array(Int32Array.of(10, 20, 30).buffer) }],
  });
}

/** A model that gives as many zeros as it is asked for. */
export function zerosModel(): Uint8Array {
  return writeModel({
    nodes: [{ op: 'ConstantOfShape', inputs: ['shape'], outputs: ['y'] }],
    inputs: [{ name: 'shape', type: 'INT64', shape: [1] }],
    outputs: [{ name: 'y', type: 'FP32', shape: ['n'] }],
  });
}
