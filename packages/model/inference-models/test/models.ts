import type { Tensor } from '@enclos/open-inference';
import { writeModel, type GraphModel, type GraphValue } from '../src/graphs/index.ts';

export const value = (name: string, shape: readonly (number | string)[] = ['n', 2]): GraphValue => ({
  name,
  datatype: 'FP32',
  shape,
});

export const weights = (name: string, shape: readonly number[] = [2]): Tensor => ({
  name,
  datatype: 'FP32',
  shape,
  data: new Uint8Array(4 * shape.reduce((product, size) => product * size, 1)).fill(63),
});

const branch = (operator: string): GraphModel => ({
  nodes: [{ operator, inputs: ['y'], outputs: ['z'] }],
  inputs: [],
  outputs: [value('z')],
});

/** A model with most of what the format has: weights, texts, attributes of each kind, graphs in nodes, another domain. */
export const everything: GraphModel = {
  name: 'everything',
  nodes: [
    { operator: 'Add', inputs: ['x', 'w'], outputs: ['a'] },
    {
      operator: 'LeakyRelu',
      inputs: ['a'],
      outputs: ['y'],
      attributes: { alpha: 0.5 },
    },
    {
      operator: 'If',
      inputs: ['flag'],
      outputs: ['z'],
      attributes: { then_branch: branch('Neg'), else_branch: branch('Abs') },
    },
    {
      operator: 'Own',
      domain: 'example.org',
      inputs: ['z'],
      outputs: ['o'],
      attributes: {
        value: weights('t'),
        axes: [1n, -1n],
        scales: [0.5, 2],
        names: ['a', 'b'],
        mode: 'fast',
        none: [] as bigint[],
      },
    },
  ],
  inputs: [value('x'), { name: 'flag', datatype: 'BOOL', shape: [] }, value('w', [2])],
  outputs: [value('z'), value('o', ['n', 'n', 3])],
  initializers: [weights('w'), { name: 's', datatype: 'BYTES', shape: [1], data: Uint8Array.of(1, 0, 0, 0, 65) }],
  domains: { 'example.org': 3 },
  metadata: { author: 'a test', long: 'x'.repeat(5000) },
};

export const everythingBytes = writeModel(everything);
