import { JsonByteScanner } from '../json/scanner.ts';
import { reading, refuse } from '../refusal.ts';
import { refuseSize } from '../tensors/check.ts';
import {
  defaultTensorLimits,
  maximumNameLength,
  type Tensor,
  type TensorFacts,
  type TensorLimits,
} from '../tensors/tensor.ts';
import { ListedElements, requireJsonWithin } from '../tensors/listed.ts';
import { splitBody, type OutgoingBody } from './message.ts';
import { outgoingBody } from './outgoing.ts';
import { flagOf, noParameters, readRequestParameters, type InferParameters } from './parameters.ts';
import { rawTensor } from './raw.ts';
import { readName, readTensors, type EntrySource } from './tensor-entry.ts';

/** An output that a client asks for. */
export interface RequestedOutput {
  readonly name: string;
  /** Whether the client wants its data in binary; undefined leaves it to `areOutputsBinary`. */
  readonly isBinary?: boolean | undefined;
}

/** A request of `POST v2/models/NAME[/versions/VERSION]/infer`. */
export interface InferRequest {
  /** To be returned in the answer. */
  readonly id?: string | undefined;
  /** As some clients also say in the body. What answers must be what the path names: compare them. */
  readonly modelName?: string | undefined;
  readonly parameters: InferParameters;
  readonly inputs: readonly Tensor[];
  /** Empty when the client wants all outputs of the model. */
  readonly outputs: readonly RequestedOutput[];
  /** The parameter `binary_data_output`: outputs come in binary unless theirs says otherwise. */
  readonly areOutputsBinary: boolean;
}

export interface InferRequestOptions {
  /** What `readHeaderLength` returned. */
  readonly headerLength?: number | undefined;
  readonly limits?: TensorLimits;
  /**
   * The inputs of the model. Tensors in JSON are compared with them before their data is read, and a request whose header length is 0 is
   * the data of the only one.
   */
  readonly modelInputs?: readonly TensorFacts[];
}

/**
 * Reads an inference request: JSON, JSON with tensors in binary after it, or the data of a single input alone. Tensors in binary
 * are views of `body`, so it must not change while they are in use.
 *
 * Unknown members are refused, and so are parameters that would change the answer. Other parameters are passed on.
 *
 * @throws INFERENCE_MESSAGE_INVALID, INFERENCE_TENSOR_INVALID, INFERENCE_LIMIT_EXCEEDED or INFERENCE_UNSUPPORTED.
 * @example
 * import { headerLengthName, parseInferRequest, readHeaderLength, type Tensor } from '@enclos/open-inference';
 *
 * export async function inputsOf(request: Request): Promise<readonly Tensor[]> {
 *   const headerLength = readHeaderLength(request.headers.get(headerLengthName));
 *   return parseInferRequest(new Uint8Array(await request.arrayBuffer()), { headerLength }).inputs;
 * }
 */
export function parseInferRequest(body: Uint8Array, options: InferRequestOptions = {}): InferRequest {
  const { headerLength, limits = defaultTensorLimits, modelInputs = [] } = options;
  if (headerLength === 0) {
    const inputs = [rawTensor(body, modelInputs, limits)];
    return Object.freeze({ parameters: noParameters, inputs, outputs: [], areOutputsBinary: true });
  }
  return reading('the request', () => {
    const { json, binary } = splitBody(body, headerLength);
    requireJsonWithin(json.length, limits);
    const scanner = new JsonByteScanner(json);
    const listed = new ListedElements(limits);
    const members = readRequest(scanner, {
      scanner,
      binary,
      limits,
      listed,
      expected: modelInputs,
      isRequest: true,
    });
    scanner.end();
    binary.end();
    if (members.inputs === undefined) return refuse('the request', 'lacks its inputs');
    const { parameters } = members;
    const areOutputsBinary = flagOf(parameters, 'binary_data_output', 'parameters') ?? false;
    return Object.freeze({ ...members, inputs: members.inputs, areOutputsBinary });
  });
}

interface RequestMembers {
  id: string | undefined;
  modelName: string | undefined;
  parameters: InferParameters;
  inputs: readonly Tensor[] | undefined;
  outputs: readonly RequestedOutput[];
}

function readRequest(scanner: JsonByteScanner, source: EntrySource): RequestMembers {
  const members: RequestMembers = {
    id: undefined,
    modelName: undefined,
    parameters: noParameters,
    inputs: undefined,
    outputs: [],
  };
  scanner.members((member) => {
    if (member === 'id') members.id = readIdentifier(scanner);
    else if (member === 'model_name') members.modelName = readName(scanner, 'model_name');
    else if (member === 'parameters') members.parameters = readRequestParameters(scanner, 'parameters');
    else if (member === 'inputs') members.inputs = readTensors(source, 'inputs');
    else if (member === 'outputs') members.outputs = readOutputs(scanner, source.limits);
    else refuse('the request', 'has a member that is not known');
  });
  return members;
}

export function readIdentifier(scanner: JsonByteScanner): string {
  const id = scanner.string();
  return id.length <= maximumNameLength ? id : refuse('id', `is longer than ${maximumNameLength} characters`);
}

function readOutputs(scanner: JsonByteScanner, { maxTensors }: TensorLimits): readonly RequestedOutput[] {
  const outputs: RequestedOutput[] = [];
  scanner.items((index) => {
    if (index === maxTensors) refuseSize('outputs', `has more than ${maxTensors} members`, 'maxTensors');
    outputs.push(readOutput(scanner, `outputs[${index}]`));
  });
  if (new Set(outputs.map(({ name }) => name)).size < outputs.length) refuse('outputs', 'names an output twice');
  return outputs;
}

function readOutput(scanner: JsonByteScanner, at: string): RequestedOutput {
  let name: string | undefined;
  let parameters = noParameters;
  scanner.members((member) => {
    if (member === 'name') name = readName(scanner, at);
    else if (member === 'parameters') parameters = readRequestParameters(scanner, `${at}.parameters`);
    else refuse(at, 'has a member that is not known');
  });
  if (name === undefined) return refuse(at, 'lacks its name');
  return Object.freeze({ name, isBinary: flagOf(parameters, 'binary_data', `${at}.parameters`) });
}

/** What a client wants to send; `inputs` go in binary when `areInputsBinary`, which is at least a hundred times faster. */
export interface InferRequestContent {
  readonly id?: string;
  readonly parameters?: InferParameters;
  readonly inputs: readonly Tensor[];
  readonly outputs?: readonly RequestedOutput[];
  readonly areInputsBinary: boolean;
  readonly areOutputsBinary: boolean;
}

/**
 * Writes an inference request.
 *
 * @throws INFERENCE_NOT_JSON for an input that JSON cannot express, with `areInputsBinary` false.
 * @example
 * import { inferRequestBody, tensorOf } from '@enclos/open-inference';
 *
 * const inputs = [tensorOf('image', 'FP32', new Float32Array(784), [1, 28, 28])];
 * const { contentType, headerLength, parts } = inferRequestBody({ inputs, areInputsBinary: true, areOutputsBinary: true });
 * console.log(contentType, headerLength, parts.length);
 */
export function inferRequestBody(content: InferRequestContent): OutgoingBody {
  const { id, inputs, outputs = [], areInputsBinary, areOutputsBinary, parameters = noParameters } = content;
  const all = new Map(parameters);
  if (areOutputsBinary) all.set('binary_data_output', true);
  return outgoingBody({
    members: {
      ...(id === undefined ? {} : { id }),
      ...(all.size === 0 ? {} : { parameters: Object.fromEntries(all) }),
      ...(outputs.length === 0 ? {} : { outputs: outputs.map(outputJson) }),
    },
    name: 'inputs',
    tensors: inputs,
    isBinary: () => areInputsBinary,
  });
}

function outputJson({ name, isBinary }: RequestedOutput): object {
  return isBinary === undefined ? { name } : { name, parameters: { binary_data: isBinary } };
}
