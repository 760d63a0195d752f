import { array, JsonRecord, meaning, parseJsonBytes, string, strings, type JsonRule } from '@enclos/codec/json';
import { reading, refuse } from '../refusal.ts';
import { isDatatype } from '../tensors/datatype.ts';
import { defaultTensorLimits, maximumNameLength, type TensorFacts } from '../tensors/tensor.ts';

/** The platform of models in ONNX, as the protocol names it. */
export const onnxPlatform = 'onnx_onnxv1';
/** What a server supports that speaks all of this package (`extensions` of its metadata). */
export const serverExtensions = Object.freeze(['binary_tensor_data', 'model_repository', 'parameters'] as const);

const maximumLength = 1_048_576;
const maximumListLength = 1024;
const name = string(maximumNameLength);
const names = strings(maximumListLength, maximumNameLength);
const datatype = meaning('a datatype', (text) => (isDatatype(text) ? text : undefined));

/** The answer of `GET v2`. */
export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

/** The answer of `GET v2/models/NAME[/versions/VERSION]`. */
export interface ModelMetadata {
  readonly name: string;
  /** The versions that may be asked for; empty when the server has no versions. */
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
}

export function serverMetadataJson({ name: serverName, version, extensions }: ServerMetadata): string {
  return JSON.stringify({ name: serverName, version, extensions });
}

/** Reads the metadata of any server; other members are ignored. @throws INFERENCE_MESSAGE_INVALID. */
export function parseServerMetadata(body: Uint8Array): ServerMetadata {
  return reading('the metadata', () => {
    const record = new JsonRecord(parseJsonBytes(body, maximumLength), 'metadata');
    return Object.freeze({
      name: record.required('name', name),
      version: record.required('version', name),
      extensions: record.required('extensions', names),
    });
  });
}

export function modelMetadataJson({ name: modelName, versions, platform, inputs, outputs }: ModelMetadata): string {
  const facts = ({ name: tensorName, datatype: type, shape }: TensorFacts): object => ({
    name: tensorName,
    datatype: type,
    shape,
  });
  return JSON.stringify({
    name: modelName,
    ...(versions.length === 0 ? {} : { versions }),
    platform,
    inputs: inputs.map(facts),
    outputs: outputs.map(facts),
  });
}

/**
 * Reads the metadata of a model on any server; other members are ignored.
 *
 * @throws INFERENCE_MESSAGE_INVALID.
 * @example
 * import { parseModelMetadata } from '@enclos/open-inference';
 *
 * const response = await fetch('http://localhost:8000/v2/models/digits');
 * console.log(parseModelMetadata(new Uint8Array(await response.arrayBuffer())).inputs);
 */
export function parseModelMetadata(body: Uint8Array): ModelMetadata {
  return reading('the metadata', () => {
    const record = new JsonRecord(parseJsonBytes(body, maximumLength), 'metadata');
    return Object.freeze({
      name: record.required('name', name),
      versions: record.optional('versions', names) ?? [],
      platform: record.required('platform', name),
      inputs: factsOf(record, 'inputs'),
      outputs: factsOf(record, 'outputs'),
    });
  });
}

function factsOf(record: JsonRecord, member: 'inputs' | 'outputs'): readonly TensorFacts[] {
  // The OpenAPI document of the protocol does not require them.
  if (!record.has(member)) return [];
  const facts = record.records(member, 0, defaultTensorLimits.maxTensors).map((entry) =>
    Object.freeze({
      name: entry.required('name', name),
      datatype: entry.required('datatype', datatype),
      shape: entry.required('shape', shape),
    }),
  );
  if (new Set(facts.map((entry) => entry.name)).size < facts.length) refuse(member, 'has two tensors of one name');
  return facts;
}

const dimensions = array(0, defaultTensorLimits.maxDimensions);
const shape: JsonRule<readonly number[]> = {
  expected: `an array of up to ${defaultTensorLimits.maxDimensions} dimensions, each -1 or a size`,
  read: (value) => {
    const sizes = dimensions.read(value);
    if (sizes === undefined || !sizes.every((size) => typeof size === 'number')) return undefined;
    return sizes.every((size) => Number.isSafeInteger(size) && size >= -1) ? sizes : undefined;
  },
};

/** The answer of `GET v2/health/live`. */
export const liveJson = '{"live":true}';

/** The answer of `GET v2/health/ready`; with 503 when it is false. */
export function readyJson(isReady: boolean): string {
  return JSON.stringify({ ready: isReady });
}

/** The answer of `GET v2/models/NAME[/versions/VERSION]/ready`; with 503 when it is false. */
export function modelReadyJson(modelName: string, isReady: boolean): string {
  return JSON.stringify({ name: modelName, ready: isReady });
}

/** The body of every error of the protocol. */
export function errorJson(message: string): string {
  return JSON.stringify({ error: message });
}

/** The message of an error, or undefined for a body that is not one, as a proxy on the way may send. */
export function errorMessageOf(body: Uint8Array): string | undefined {
  try {
    return new JsonRecord(parseJsonBytes(body, maximumLength), 'error').required('error', string(4096));
  } catch {
    return undefined;
  }
}
