import type { GraphAttribute, GraphModel, GraphValue } from '@enclos/inference-models/graphs';
import { writeModel } from '@enclos/inference-models/graphs';
import { elementSize, type Datatype, type Tensor } from '@enclos/open-inference';

/** A small model and what it is asked. */
export interface OperatorCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly inputs: readonly Tensor[];
}

export const value = (name: string, datatype: Datatype, shape?: GraphValue['shape']): GraphValue => ({
  name,
  datatype,
  shape,
});

export function tensor(name: string, datatype: Datatype, shape: readonly number[], data: ArrayBufferView): Tensor {
  return { name, datatype, shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

export const floats = (name: string, shape: readonly number[], values: readonly number[]): Tensor =>
  tensor(name, 'FP32', shape, Float32Array.from(values));
export const wholes = (name: string, ...values: readonly bigint[]): Tensor =>
  tensor(name, 'INT64', [values.length], BigInt64Array.from(values));
export const texts = (name: string, ...values: readonly string[]): Tensor =>
  tensor(
    name,
    'BYTES',
    [values.length],
    Buffer.concat(
      values.flatMap((text) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(Buffer.byteLength(text));
        return [length, Buffer.from(text)];
      }),
    ),
  );

const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Numbers between -2 and 2, the same each time. */
export function wave(name: string, shape: readonly number[], datatype: Datatype = 'FP32', phase = 1): Tensor {
  const values = Array.from({ length: countOf(shape) }, (_, at) => 2 * Math.sin(at * 1.7 + phase));
  if (datatype === 'FP32') return floats(name, shape, values);
  if (datatype === 'FP64') return tensor(name, datatype, shape, Float64Array.from(values));
  if (datatype === 'FP16') {
    // Signs, exponents of small numbers, any fraction.
    return tensor(
      name,
      datatype,
      shape,
      Uint16Array.from(values, (_, at) => ((at % 2) << 15) | (0x3000 + ((at * 977) % 4096))),
    );
  }
  const bytes = new Uint8Array(countOf(shape) * elementSize(datatype));
  for (let at = 0; at < bytes.length; at += elementSize(datatype)) {
    bytes[at] = datatype === 'BOOL' ? ((at * 5) % 3) & 1 : 1 + ((at * 7) % 50);
  }
  return { name, datatype, shape, data: bytes };
}

interface NodeOptions {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Datatype[];
  /** Inputs that are in the file. */
  readonly constants?: readonly Tensor[];
  readonly attributes?: Readonly<Record<string, GraphAttribute>>;
  readonly opset?: number;
  readonly domain?: string;
  /** Inputs of the node in their order, where it is not that of inputs and then constants. */
  readonly order?: readonly string[];
}

/** A model of one node, whose inputs have any number of dimensions, and as many sizes as they like. */
export function node(operator: string, options: NodeOptions): OperatorCase {
  const { inputs, outputs, constants = [], attributes = {}, opset = 17, domain } = options;
  const { order = [...inputs, ...constants].map(({ name }) => name) } = options;
  const names = outputs.map((_, at) => `y${at}`);
  const model: GraphModel = {
    nodes: [{ operator, inputs: order, outputs: names, attributes, ...(domain === undefined ? {} : { domain }) }],
    inputs: inputs.map(({ name, datatype, shape }) =>
      value(
        name,
        datatype,
        shape.map((_, axis) => `${name}${axis}`),
      ),
    ),
    outputs: outputs.map((datatype, at) => value(names[at] ?? '', datatype)),
    initializers: constants,
    opset,
    irVersion: irVersionOf(opset),
    ...(domain === undefined ? {} : { domains: { [domain]: domain === 'ai.onnx.ml' ? 3 : 1 } }),
  };
  const types = inputs.map(({ datatype, shape }) => `${datatype}[${shape.join()}]`).join(', ');
  return { name: `${operator} ${opset} (${types}) to ${outputs.join(', ')}`, model: writeModel(model), inputs };
}

export function graph(name: string, model: GraphModel, inputs: readonly Tensor[]): OperatorCase {
  return { name, model: writeModel(model), inputs };
}

/** Versions of the file format that came with operator sets (onnx, docs/Versioning.md). */
export function irVersionOf(opset: number): number {
  if (opset < 9) return 3;
  if (opset < 11) return 5;
  if (opset < 15) return 7;
  if (opset < 19) return 8;
  return opset < 21 ? 9 : 10;
}
