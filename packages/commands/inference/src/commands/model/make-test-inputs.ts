import { refuseUsage } from '@enclos/cli-frame';
import { readModelFacts, tensorFactsOf, type ModelValue } from '@enclos/inference-models';
import { isEncryptedModel } from '@enclos/inference-models/node';
import {
  bytesTensorOf,
  countElements,
  elementSize,
  inferRequestBody,
  predictRequestBody,
  smallFloatTensorOf,
  wholeBody,
  type Datatype,
  type Tensor,
} from '@enclos/open-inference';
import { readModelFile } from './model-file.ts';

/** The forms of a request: the Open Inference Protocol in JSON and with tensors in binary, and those of `:predict` and `/score`. */
export const requestForms = ['json', 'binary', 'predict-json', 'predict-protobuf'] as const;
export type RequestForm = (typeof requestForms)[number];

export interface TestInputOptions {
  /** Sizes of variable dimensions, by the name that the model gives them. Others are 1. */
  readonly dimensions: ReadonlyMap<string, number>;
  /** The same seed gives the same request. */
  readonly seed: number;
  readonly form: RequestForm;
}

export interface TestInputs {
  readonly body: Uint8Array;
  /** The value of `Inference-Header-Content-Length`, for tensors in binary. */
  readonly headerLength?: number;
  readonly inputs: readonly Pick<Tensor, 'datatype' | 'name' | 'shape'>[];
}

/**
 * A request with made-up values for each input of a model: numbers from 0 to 1, integers from 0 to 9, short texts.
 *
 * @throws CLI_USAGE for a dimension that no input has, MODEL_UNSUPPORTED, and the errors of a model that cannot be read.
 */
export async function testInputs(path: string, options: TestInputOptions): Promise<TestInputs> {
  const model = await readModelFile(path);
  if (isEncryptedModel(model)) refuseUsage('The file is an encrypted model, which is not opened here.');
  const values = readModelFacts(model).inputs;
  requireKnown(values, options.dimensions);
  const next = numbers(options.seed);
  const facts = tensorFactsOf(values);
  const inputs = facts.map(({ name, datatype, shape }, index) =>
    tensorWith({ name, datatype, shape: shapeOf(shape, values[index]?.dimensionNames ?? [], options) }, next),
  );
  const shapes = inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
  return { inputs: shapes, ...bodyOf(inputs, options.form) };
}

function bodyOf(inputs: readonly Tensor[], form: RequestForm): Pick<TestInputs, 'body' | 'headerLength'> {
  if (form === 'predict-json' || form === 'predict-protobuf') {
    return { body: predictRequestBody({ inputs, outputFilter: [] }, form === 'predict-json' ? 'json' : 'protobuf') };
  }
  const isBinary = form === 'binary';
  const outgoing = inferRequestBody({ inputs, areInputsBinary: isBinary, areOutputsBinary: isBinary });
  const { headerLength } = outgoing;
  return { body: wholeBody(outgoing), ...(headerLength === undefined ? {} : { headerLength }) };
}

function requireKnown(values: readonly ModelValue[], dimensions: TestInputOptions['dimensions']): void {
  const known = new Set(values.flatMap(({ dimensionNames = [] }) => dimensionNames));
  for (const name of dimensions.keys()) {
    if (!known.has(name)) refuseUsage(`No input of the model has a dimension ${JSON.stringify(name)}.`);
  }
}

function shapeOf(
  shape: readonly number[],
  names: readonly (string | undefined)[],
  { dimensions }: TestInputOptions,
): readonly number[] {
  return shape.map((size, index) => (size === -1 ? (dimensions.get(names[index] ?? '') ?? 1) : size));
}

function tensorWith(facts: Omit<Tensor, 'data'>, next: () => number): Tensor {
  const { name, datatype, shape } = facts;
  const count = countElements(shape);
  const small = (): number => Math.floor(next() * 10);
  if (datatype === 'BYTES') {
    const texts = Array.from({ length: count }, () => `text ${small()}`);
    return bytesTensorOf(name, texts, shape);
  }
  if (datatype === 'FP16' || datatype === 'BF16') {
    return smallFloatTensorOf(name, datatype, Float32Array.from({ length: count }, next), shape);
  }
  const isBool = datatype === 'BOOL';
  const value = isFloat(datatype) ? next : isBool ? () => Math.round(next()) : small;
  return { name, datatype, shape, data: dataOf(datatype, count, value) };
}

const isFloat = (datatype: Datatype): boolean => datatype === 'FP32' || datatype === 'FP64';

function dataOf(datatype: Datatype, count: number, value: () => number): Uint8Array {
  const size = elementSize(datatype);
  const data = new Uint8Array(size * count);
  const view = new DataView(data.buffer);
  for (let at = 0; at < data.length; at += size) {
    if (datatype === 'FP32') view.setFloat32(at, value(), true);
    else if (datatype === 'FP64') view.setFloat64(at, value(), true);
    // Small and not negative, so the lowest byte is all of it.
    else view.setUint8(at, value());
  }
  return data;
}

/** Numbers from 0 to 1 that a seed decides (mulberry32): for tests, and for nothing else. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
