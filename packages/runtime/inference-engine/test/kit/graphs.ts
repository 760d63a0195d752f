import { type Graph, writeModel } from '@enclos/inference-models/graphs';
import type { Datatype, Tensor } from '@enclos/open-inference';

/** A model that gives back what it gets. */
export function identityModel(datatype: Datatype, shape: readonly (number | string)[]): Uint8Array {
  return writeModel({
    nodes: [{ operator: 'Identity', inputs: ['x'], outputs: ['y'] }],
    inputs: [{ name: 'x', datatype, shape }],
    outputs: [{ name: 'y', datatype, shape }],
  });
}

export const floats = (name: string, shape: readonly number[], values: readonly number[]): Tensor => ({
  name,
  datatype: 'FP32',
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});

export const wholes = (name: string, shape: readonly number[], values: readonly bigint[]): Tensor => ({
  name,
  datatype: 'INT64',
  shape,
  data: new Uint8Array(BigInt64Array.from(values).buffer),
});

/** A model that computes for `rounds` rounds, each of a microsecond or so, and doubles `x` in each. */
export function loopModel(): Uint8Array {
  const body: Graph = {
    nodes: [
      { operator: 'Identity', inputs: ['on'], outputs: ['goOn'] },
      { operator: 'Add', inputs: ['last', 'last'], outputs: ['next'] },
    ],
    inputs: [
      { name: 'round', datatype: 'INT64', shape: [] },
      { name: 'on', datatype: 'BOOL', shape: [] },
      { name: 'last', datatype: 'FP32', shape: [1] },
    ],
    outputs: [
      { name: 'goOn', datatype: 'BOOL', shape: [] },
      { name: 'next', datatype: 'FP32', shape: [1] },
    ],
  };
  return writeModel({
    nodes: [{ operator: 'Loop', inputs: ['rounds', 'always', 'x'], outputs: ['y'], attributes: { body } }],
    inputs: [
      { name: 'rounds', datatype: 'INT64', shape: [] },
      { name: 'x', datatype: 'FP32', shape: [1] },
    ],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [1] }],
    initializers: [{ name: 'always', datatype: 'BOOL', shape: [], data: Uint8Array.of(1) }],
  });
}

/** A run of the loop model. */
export const rounds = (count: bigint): readonly Tensor[] => [wholes('rounds', [], [count]), floats('x', [1], [1])];
/** A run that computes for longer than any test waits. */
export const endless = rounds(2n ** 62n);

/** A model of rows: each of four numbers times a fixed matrix, and the sum with a fixed row. */
export function rowsModel(): Uint8Array {
  const weights = Array.from({ length: 16 }, (_unused, at) => Math.sin(at + 1));
  return writeModel({
    nodes: [
      { operator: 'MatMul', inputs: ['x', 'weights'], outputs: ['product'] },
      { operator: 'Add', inputs: ['product', 'bias'], outputs: ['y'] },
    ],
    inputs: [{ name: 'x', datatype: 'FP32', shape: ['rows', 4] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: ['rows', 4] }],
    initializers: [floats('weights', [4, 4], weights), floats('bias', [4], [0.5, -0.25, 0.125, 3])],
  });
}

/** A model that takes the numbers at some places of a fixed list of three: other places fail. */
export function gatherModel(): Uint8Array {
  const list = new Uint8Array(Int32Array.of(10, 20, 30).buffer);
  return writeModel({
    nodes: [{ operator: 'Gather', inputs: ['list', 'places'], outputs: ['y'] }],
    inputs: [{ name: 'places', datatype: 'INT64', shape: ['rows'] }],
    outputs: [{ name: 'y', datatype: 'INT32', shape: ['rows'] }],
    initializers: [{ name: 'list', datatype: 'INT32', shape: [3], data: list }],
  });
}

/** A model that gives as many zeros as it is asked for. */
export function zerosModel(): Uint8Array {
  return writeModel({
    nodes: [{ operator: 'ConstantOfShape', inputs: ['shape'], outputs: ['y'] }],
    inputs: [{ name: 'shape', datatype: 'INT64', shape: [1] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: ['n'] }],
  });
}
