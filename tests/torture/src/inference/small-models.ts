import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeModel, type Graph } from '@enclos/inference-models/graphs';
import { tensorOf, type Tensor } from '@enclos/open-inference';
import { modelFolder } from './site.ts';
import { pixelsOf } from './questions.ts';

/** A model with inputs that it computes. */
export interface ComputedModel {
  readonly bytes: Uint8Array;
  readonly inputs: readonly Tensor[];
}

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

/** One of each kind: dense layers, indexing, a shape that is computed, a loop, texts, and a trained one. */
export function smallModels(): readonly ComputedModel[] {
  const list = new Uint8Array(Int32Array.of(10, 20, 30).buffer);
  const places = tensorOf('places', 'INT64', BigInt64Array.of(1n, 2n), [2]);
  const rounds = tensorOf('rounds', 'INT64', BigInt64Array.of(3n), []);
  return [
    {
      bytes: new Uint8Array(readFileSync(join(modelFolder, 'digits-1.onnx'))),
      inputs: [tensorOf('input', 'FP32', pixelsOf(1), [1, 1, 8, 8])],
    },
    {
      bytes: writeModel({
        nodes: [{ operator: 'Gather', inputs: ['list', 'places'], outputs: ['y'] }],
        inputs: [{ name: 'places', datatype: 'INT64', shape: ['rows'] }],
        outputs: [{ name: 'y', datatype: 'INT32', shape: ['rows'] }],
        initializers: [{ name: 'list', datatype: 'INT32', shape: [3], data: list }],
      }),
      inputs: [places],
    },
    {
      bytes: writeModel({
        nodes: [{ operator: 'ConstantOfShape', inputs: ['places'], outputs: ['y'] }],
        inputs: [{ name: 'places', datatype: 'INT64', shape: ['n'] }],
        outputs: [{ name: 'y', datatype: 'FP32' }],
      }),
      inputs: [places],
    },
    {
      bytes: writeModel({
        nodes: [{ operator: 'Loop', inputs: ['rounds', 'always', 'x'], outputs: ['y'], attributes: { body } }],
        inputs: [
          { name: 'rounds', datatype: 'INT64', shape: [] },
          { name: 'x', datatype: 'FP32', shape: [1] },
        ],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [1] }],
        initializers: [{ name: 'always', datatype: 'BOOL', shape: [], data: Uint8Array.of(1) }],
      }),
      inputs: [rounds, tensorOf('x', 'FP32', Float32Array.of(1), [1])],
    },
    {
      bytes: writeModel({
        nodes: [
          { operator: 'StringNormalizer', inputs: ['x'], outputs: ['y'], attributes: { case_change_action: 'UPPER' } },
        ],
        inputs: [{ name: 'x', datatype: 'BYTES', shape: ['n'] }],
        outputs: [{ name: 'y', datatype: 'BYTES', shape: ['n'] }],
      }),
      inputs: [{ name: 'x', datatype: 'BYTES', shape: [1], data: Uint8Array.of(2, 0, 0, 0, 0x61, 0x62) }],
    },
  ];
}
