import { JsonByteScanner } from '../json/scanner.ts';
import { reading, refuse } from '../refusal.ts';
import { countElements } from '../tensors/check.ts';
import { defaultTensorLimits, type Tensor, type TensorLimits } from '../tensors/tensor.ts';
import { readIdentifier, type InferRequest } from './infer-request.ts';
import { ListedElements, requireJsonWithin } from '../tensors/listed.ts';
import { splitBody, type OutgoingBody } from './message.ts';
import { outgoingBody } from './outgoing.ts';
import { noParameters, readParameters, type InferParameters } from './parameters.ts';
import { readName, readTensors, type EntrySource } from './tensor-entry.ts';

/** The answer to an inference request. */
export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion?: string | undefined;
  /** That of the request. */
  readonly id?: string | undefined;
  readonly parameters?: InferParameters | undefined;
  readonly outputs: readonly Tensor[];
}

/**
 * Writes an answer, with each output in the form that its request asks for.
 *
 * @throws INFERENCE_NOT_JSON for an output that JSON cannot express and that was not asked for in binary; INFERENCE_LIMIT_EXCEEDED for
 *   outputs that would be too long in JSON.
 * @example
 * import { inferResponseBody, parseInferRequest, tensorOf, wholeBody } from '@enclos/open-inference';
 *
 * export function answer(body: Uint8Array): Uint8Array {
 *   const request = parseInferRequest(body);
 *   const outputs = [tensorOf('scores', 'FP32', new Float32Array(10), [1, 10])];
 *   return wholeBody(inferResponseBody({ modelName: 'digits', id: request.id, outputs }, request));
 * }
 */
export function inferResponseBody(
  response: InferResponse,
  request: Pick<InferRequest, 'outputs' | 'areOutputsBinary'>,
  limits: TensorLimits = defaultTensorLimits,
): OutgoingBody {
  const { modelName, modelVersion, id, parameters = noParameters, outputs } = response;
  const asked = new Map(request.outputs.map(({ name, isBinary }) => [name, isBinary]));
  const isBinary = ({ name }: Tensor): boolean => asked.get(name) ?? request.areOutputsBinary;
  const listed = new ListedElements(limits);
  for (const [index, output] of outputs.entries()) {
    if (!isBinary(output)) listed.add(countElements(output.shape, limits, `outputs[${index}]`), `outputs[${index}]`);
  }
  return outgoingBody({
    members: {
      model_name: modelName,
      ...(modelVersion === undefined ? {} : { model_version: modelVersion }),
      ...(id === undefined ? {} : { id }),
      ...(parameters.size === 0 ? {} : { parameters: Object.fromEntries(parameters) }),
    },
    name: 'outputs',
    tensors: outputs,
    isBinary,
  });
}

/**
 * Reads an answer, as `parseInferRequest` reads a request. Members that are not known are ignored: another server than ours may
 * add some, and they are not tensors.
 *
 * @throws INFERENCE_MESSAGE_INVALID, INFERENCE_TENSOR_INVALID, INFERENCE_LIMIT_EXCEEDED or INFERENCE_UNSUPPORTED.
 */
export function parseInferResponse(
  body: Uint8Array,
  {
    headerLength,
    limits = defaultTensorLimits,
  }: { readonly headerLength?: number | undefined; readonly limits?: TensorLimits } = {},
): InferResponse {
  return reading('the answer', () => {
    const { json, binary } = splitBody(body, headerLength);
    requireJsonWithin(json.length, limits);
    const scanner = new JsonByteScanner(json);
    const listed = new ListedElements(limits);
    const members = readResponse(scanner, {
      scanner,
      binary,
      limits,
      listed,
      expected: [],
      isRequest: false,
    });
    scanner.end();
    binary.end();
    const { modelName, outputs } = members;
    if (modelName === undefined) return refuse('the answer', 'lacks its model_name');
    if (outputs === undefined) return refuse('the answer', 'lacks its outputs');
    return Object.freeze({ ...members, modelName, outputs });
  });
}

function readResponse(
  scanner: JsonByteScanner,
  source: EntrySource,
): { -readonly [Name in keyof InferResponse]?: InferResponse[Name] | undefined } {
  const members: { -readonly [Name in keyof InferResponse]?: InferResponse[Name] | undefined } = {};
  scanner.members((member) => {
    if (member === 'model_name') members.modelName = readName(scanner, 'model_name');
    else if (member === 'model_version') members.modelVersion = readName(scanner, 'model_version');
    else if (member === 'id') members.id = readIdentifier(scanner);
    else if (member === 'parameters') members.parameters = readParameters(scanner, 'parameters');
    else if (member === 'outputs') members.outputs = readTensors(source, 'outputs');
    else scanner.value();
  });
  return members;
}
