import { EnclosError } from '@enclos/errors';
import {
  checkTensor,
  defaultTensorLimits,
  fitsShape,
  type Tensor,
  type TensorFacts,
  type TensorLimits,
} from '@enclos/open-inference';
import type { IndexedTensor } from '../protocol/packing.ts';
import { limitExceeded, type ModelLimits } from './limits.ts';

/** What the tensors of a run are checked against: the facts that an engine reported, and the limits of the model. */
export interface Signature {
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  readonly limits: ModelLimits;
}

/**
 * The inputs in the order of the model, each one there once and as the model wants it.
 * @throws ENGINE_INPUT_REFUSED, ENGINE_LIMIT_EXCEEDED or an error of `checkTensor`.
 */
export function checkInputs(tensors: readonly Tensor[], { inputs, limits }: Signature): readonly IndexedTensor[] {
  if (tensors.length !== inputs.length) refuse(`The model takes ${inputs.length} inputs, and ${tensors.length} came.`);
  let bytes = 0;
  for (const { data } of tensors) bytes += data.byteLength;
  if (bytes > limits.maxInputBytes) limitExceeded('maxInputBytes', `The inputs have ${bytes} bytes`);
  return inputs.map((facts, index) => {
    const tensor = tensors.find(({ name }) => name === facts.name);
    if (tensor === undefined) refuse(`Input ${index} of the model is missing: "${facts.name}".`);
    checkInput(tensor, facts, { index, limits });
    return { index, shape: tensor.shape, data: tensor.data };
  });
}

interface InputPlace {
  readonly index: number;
  readonly limits: ModelLimits;
}

function checkInput(tensor: Tensor, facts: TensorFacts, { index, limits }: InputPlace): void {
  const at = `Input ${index}`;
  const { shape, datatype } = tensor;
  if (datatype !== facts.datatype) refuse(`${at} has another datatype than the model takes, ${facts.datatype}.`);
  const fits = fitsShape(shape, facts.shape);
  if (!fits) refuse(`${at} has another shape than the model takes, [${facts.shape.join(', ')}].`);
  if (shape.some((size) => size > limits.maxDimension)) limitExceeded('maxDimension', `${at} has a larger dimension`);
  checkTensor(tensor, tensorLimits(limits.maxInputBytes), at);
}

/** A byte string takes four bytes and any other element one, so the bytes bound the elements. */
function tensorLimits(maxBytes: number): TensorLimits {
  return { ...defaultTensorLimits, maxBytes, maxElements: maxBytes };
}

/**
 * What an engine returned, under the names and datatypes of the model. An engine may have been taken over by a model, so its
 * outputs are checked as a client's inputs are.
 * @throws ENGINE_RUN_FAILED, ENGINE_LIMIT_EXCEEDED or an error of `checkTensor`.
 */
export function checkOutputs(
  results: readonly IndexedTensor[],
  wanted: readonly number[],
  { outputs, limits }: Signature,
): readonly Tensor[] {
  if (results.length !== wanted.length) failed('another number of outputs than it was asked for');
  let bytes = 0;
  for (const { data } of results) bytes += data.byteLength;
  if (bytes > limits.maxOutputBytes) limitExceeded('maxOutputBytes', `The outputs have ${bytes} bytes`);
  return results.map(({ index, shape, data }, at) => {
    const facts = outputs[index];
    if (index !== wanted[at] || facts === undefined) failed('an output that it was not asked for');
    const tensor = { name: facts.name, datatype: facts.datatype, shape, data };
    checkTensor(tensor, tensorLimits(limits.maxOutputBytes), `Output ${index}`);
    return tensor;
  });
}

/** The indexes of the named outputs, or of all when none is named. @throws ENGINE_INPUT_REFUSED */
export function chooseOutputs(names: readonly string[] | undefined, { outputs }: Signature): readonly number[] {
  if (names === undefined || names.length === 0) return outputs.map((_facts, index) => index);
  if (new Set(names).size !== names.length) refuse('An output is asked for twice.');
  return names.map((wanted, at) => {
    const index = outputs.findIndex(({ name }) => name === wanted);
    return index < 0 ? refuse(`The model has no output of the name that stands at ${at} in the list.`) : index;
  });
}

function refuse(message: string): never {
  throw new EnclosError('ENGINE_INPUT_REFUSED', message);
}

function failed(what: string): never {
  throw new EnclosError('ENGINE_RUN_FAILED', `The engine gave ${what}.`);
}
