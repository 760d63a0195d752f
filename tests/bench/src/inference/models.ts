import { createHash } from 'node:crypto';
import { type GraphNode, writeModel } from '@enclos/inference-models/graphs';
import type { Tensor } from '@enclos/open-inference';

/** A model and one run of it. */
export interface Load {
  /** Of the model in the service. */
  readonly model: string;
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly input: Tensor;
}

/** The same bytes on every machine: the manifest of the measured enclave has digests of these models. */
const floats = (name: string, shape: readonly number[]): Tensor => {
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Float32Array.from({ length: count }, (_unused, at) => (((at * 7919) % 1021) - 510) / 5100);
  return { name, datatype: 'FP32', shape, data: new Uint8Array(values.buffer) };
};

/** A digit classifier's size: 784 numbers in, ten out. */
export function classifier(): Load {
  return {
    model: 'classifier',
    what: 'a model of 784 numbers in and 10 out (3 KB)',
    bytes: writeModel({
      nodes: [{ operator: 'MatMul', inputs: ['x', 'weights'], outputs: ['y'] }],
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 784] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 10] }],
      initializers: [floats('weights', [784, 10])],
    }),
    input: floats('x', [1, 784]),
  };
}

/** An image of 224 by 224 pixels in three colours, of which a mean is taken: moving the bytes is all there is. */
export function image(): Load {
  return {
    model: 'image',
    what: 'the mean of an image of 150,528 numbers (0.6 MB)',
    bytes: writeModel({
      nodes: [{ operator: 'GlobalAveragePool', inputs: ['x'], outputs: ['y'] }],
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3, 224, 224] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 3, 1, 1] }],
    }),
    input: floats('x', [1, 3, 224, 224]),
  };
}

const channels = 64;
const layers = 16;

/** Convolutions of a small image, about 6 ms: most of the time is the engine's, as with models that people serve. */
export function convolutions(): Load {
  return convolutionsOf('convolutions', 32);
}

/** The same of a larger image, about 50 ms. */
export function slowConvolutions(): Load {
  return convolutionsOf('slow', 96);
}

function convolutionsOf(model: string, size: number): Load {
  const weights = Array.from({ length: layers }, (_unused, layer) =>
    floats(`weights${layer}`, [channels, layer === 0 ? 3 : channels, 3, 3]),
  );
  const nodes = weights.map(({ name }, layer): GraphNode => ({
    operator: 'Conv',
    inputs: [layer === 0 ? 'x' : `y${layer - 1}`, name],
    outputs: [`y${layer}`],
    attributes: { pads: [1n, 1n, 1n, 1n] },
  }));
  return {
    model,
    what: `${layers} convolutions of ${channels} channels, ${size} by ${size}`,
    bytes: writeModel({
      nodes: [...nodes, { operator: 'GlobalAveragePool', inputs: [`y${layers - 1}`], outputs: ['y'] }],
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3, size, size] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1, channels, 1, 1] }],
      initializers: weights,
    }),
    input: floats('x', [1, 3, size, size]),
  };
}

/** What the service of the benchmarks serves. */
export const loads = (): readonly Load[] => [classifier(), image(), convolutions(), slowConvolutions()];

export interface ManifestEntry {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

/** What the measured `models.json` of the enclave has to say of them. */
export const manifestEntry = ({ model, bytes }: Load): ManifestEntry => ({
  name: model,
  version: '1',
  digest: createHash('sha256').update(bytes).digest('hex'),
  sizeBytes: bytes.length,
});
