import { isJsonArray, isJsonObject, parseJsonBytes, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { ProtobufReader, ProtobufWriter } from '@enclos/codec/protobuf';
import { utf8 } from '@enclos/codec';
import { binaryType, jsonType } from '../oip/media-type.ts';
import { reading, refuse, refuseUnsupported } from '../refusal.ts';
import { refuseSize } from '../tensors/check.ts';
import { ListedElements, requireJsonWithin } from '../tensors/listed.ts';
import { defaultTensorLimits, maximumNameLength, type Tensor, type TensorLimits } from '../tensors/tensor.ts';
import type { ReadingBounds } from './tensor-content.ts';
import { readTensorJson, tensorProtoJson } from './tensor-json.ts';
import { readTensorProto, tensorProto } from './tensor-proto.ts';

/** The forms of the bodies of ONNX Runtime Server (`:predict`) and of Microsoft's confidential server inside its encryption. */
export type PredictForm = 'json' | 'protobuf';

const forms: ReadonlyMap<string, PredictForm> = new Map<string, PredictForm>([
  [jsonType, 'json'],
  [binaryType, 'protobuf'],
  ['application/x-protobuf', 'protobuf'],
  ['application/vnd.google.protobuf', 'protobuf'],
]);

/** Fields of predict.proto. */
const requestField = { inputs: 2, outputFilter: 3 } as const;
const responseField = { outputs: 1 } as const;
const entryField = { key: 1, value: 2 } as const;
/** UTF-8 takes up to three bytes for a UTF-16 code unit. */
const maximumNameBytes = 3 * maximumNameLength;
/** Enough for lists of elements in JSON; long tensors come as `rawData`. */
const maximumValues = 1_048_576;
/** Values beside the elements: members of tensors, dimensions and names. */
const maximumOtherValues = 4096;

export interface PredictRequest {
  readonly inputs: readonly Tensor[];
  /** The names of the outputs to return; empty for all. */
  readonly outputFilter: readonly string[];
}

/**
 * The form of a body by its Content-Type, which these APIs require.
 *
 * @throws INFERENCE_MESSAGE_INVALID when it is missing; INFERENCE_UNSUPPORTED for another type.
 */
export function predictFormOf(contentType: string | null | undefined): PredictForm {
  if (contentType === undefined || contentType === null) return refuse('Content-Type', 'is missing');
  return forms.get(mediaType(contentType)) ?? refuseUnsupported('Content-Type', 'is not JSON or protobuf');
}

/**
 * The media type to answer with: the first of `Accept` that is supported, or the form of the request when any type is accepted.
 *
 * @throws INFERENCE_UNSUPPORTED when no accepted type is supported.
 */
export function predictAnswerType(accept: string | null | undefined, requested: PredictForm): string {
  const own = requested === 'json' ? jsonType : binaryType;
  if (accept === undefined || accept === null) return own;
  const types = accept.split(',').map(mediaType);
  const found = types.find((type) => forms.has(type) || type === '*/*' || type === 'application/*');
  if (found === undefined) return refuseUnsupported('Accept', 'has neither JSON nor protobuf');
  return forms.has(found) ? found : own;
}

function mediaType(value: string): string {
  return (value.split(';', 1)[0] ?? '').trim().toLowerCase();
}

/**
 * Reads a PredictRequest. Data in protobuf is a view of `body` where that is possible.
 *
 * @throws INFERENCE_MESSAGE_INVALID, INFERENCE_TENSOR_INVALID, INFERENCE_LIMIT_EXCEEDED or INFERENCE_UNSUPPORTED.
 * @example
 * import { parsePredictRequest, predictFormOf, type Tensor } from '@enclos/open-inference';
 *
 * export async function inputsOf(request: Request): Promise<readonly Tensor[]> {
 *   const form = predictFormOf(request.headers.get('content-type'));
 *   return parsePredictRequest(new Uint8Array(await request.arrayBuffer()), form).inputs;
 * }
 */
export function parsePredictRequest(
  body: Uint8Array,
  form: PredictForm,
  limits: TensorLimits = defaultTensorLimits,
): PredictRequest {
  return reading('the request', () => {
    const { tensors, filter } =
      form === 'json' ? readJson(body, 'inputs', limits) : readMessage(body, 'inputs', limits);
    if (new Set(filter).size < filter.length) refuse('outputFilter', 'names an output twice');
    return Object.freeze({ inputs: tensors, outputFilter: filter });
  });
}

/** Reads the outputs of a PredictResponse. @throws as `parsePredictRequest`. */
export function parsePredictResponse(
  body: Uint8Array,
  form: PredictForm,
  limits: TensorLimits = defaultTensorLimits,
): readonly Tensor[] {
  return reading('the answer', () => {
    const { tensors } = form === 'json' ? readJson(body, 'outputs', limits) : readMessage(body, 'outputs', limits);
    return tensors;
  });
}

/** Writes a PredictRequest. */
export function predictRequestBody({ inputs, outputFilter }: PredictRequest, form: PredictForm): Uint8Array {
  if (form === 'json') return utf8(JSON.stringify({ inputs: mapJson(inputs), outputFilter }));
  const writer = new ProtobufWriter();
  for (const tensor of inputs) writer.message(requestField.inputs, entryOf(tensor));
  for (const name of outputFilter) writer.text(requestField.outputFilter, name);
  return writer.finish();
}

/** Writes a PredictResponse. @param contentType as `predictAnswerType` returned it. */
export function predictResponseBody(outputs: readonly Tensor[], contentType: string): Uint8Array {
  if (forms.get(contentType) === 'json') return utf8(JSON.stringify({ outputs: mapJson(outputs) }));
  const writer = new ProtobufWriter();
  for (const tensor of outputs) writer.message(responseField.outputs, entryOf(tensor));
  return writer.finish();
}

function mapJson(tensors: readonly Tensor[]): object {
  return Object.fromEntries(tensors.map((tensor) => [tensor.name, tensorProtoJson(tensor)]));
}

function entryOf(tensor: Tensor): ProtobufWriter {
  return new ProtobufWriter().text(entryField.key, tensor.name).message(entryField.value, tensorProto(tensor));
}

interface PredictParts {
  readonly tensors: readonly Tensor[];
  readonly filter: readonly string[];
}

type MapName = 'inputs' | 'outputs';

function readMessage(body: Uint8Array, map: MapName, limits: TensorLimits): PredictParts {
  const reader = new ProtobufReader(body);
  const listed = new ListedElements(limits);
  const tensors: Tensor[] = [];
  const filter: string[] = [];
  const mapField = map === 'inputs' ? requestField.inputs : responseField.outputs;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    listed.add(1, map);
    if (field === mapField) {
      requireAtMost(tensors.length + 1, limits, map);
      tensors.push(readEntry(reader.message(), { limits, listed, at: `${map}[${tensors.length}]` }));
    } else if (map === 'inputs' && field === requestField.outputFilter) {
      requireAtMost(filter.length + 1, limits, 'outputFilter');
      filter.push(reader.text(maximumNameBytes));
    }
  }
  return { tensors: distinct(tensors, map), filter };
}

function readEntry(reader: ProtobufReader, { limits, listed, at }: ReadingBounds): Tensor {
  let name: string | undefined;
  let value: ProtobufReader | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    listed.add(1, at);
    if (field === entryField.key) name = reader.once().text(maximumNameBytes);
    else if (field === entryField.value) value = reader.once().message();
  }
  if (name === undefined || value === undefined) return refuse(at, 'lacks its name or its tensor');
  return readTensorProto(value, { name, limits, listed, at });
}

/** The mapping also accepts `output_filter`, the name of the .proto file. */
function readJson(body: Uint8Array, map: MapName, limits: TensorLimits): PredictParts {
  requireJsonWithin(body.length, limits);
  const listed = new ListedElements(limits);
  const maxValues = Math.min(maximumValues, limits.maxListedElements + maximumOtherValues);
  const value = parseJsonBytes(body, body.length, { maxValues, maxMembers: maximumOtherValues });
  if (!isJsonObject(value)) return refuse('the message', 'is not an object');
  const known = map === 'inputs' ? ['inputs', 'outputFilter', 'output_filter'] : ['outputs'];
  if (Object.keys(value).some((name) => !known.includes(name))) refuse('the message', 'has a member that is not known');
  if (value['outputFilter'] !== undefined && value['output_filter'] !== undefined) {
    refuse('outputFilter', 'is there twice');
  }
  const entries = Object.entries(mapOf(value, map));
  requireAtMost(entries.length, limits, map);
  const tensors = entries.map(([name, entry], index) =>
    readTensorJson(entry, { name, limits, listed, at: `${map}[${index}]` }),
  );
  return { tensors, filter: filterOf(value['outputFilter'] ?? value['output_filter'], limits) };
}

function mapOf(value: JsonObject, map: MapName): JsonObject {
  const member = value[map];
  return isJsonObject(member) ? member : refuse(map, 'is missing, or not an object');
}

function filterOf(value: JsonValue | undefined, limits: TensorLimits): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!isJsonArray(value)) return refuse('outputFilter', 'is not a list');
  requireAtMost(value.length, limits, 'outputFilter');
  return value.map((name) =>
    typeof name === 'string' ? name : refuse('outputFilter', 'has a member that is not a name'),
  );
}

function requireAtMost(count: number, { maxTensors }: TensorLimits, at: string): void {
  if (count > maxTensors) refuseSize(at, `has more than ${maxTensors} members`, 'maxTensors');
}

function distinct(tensors: readonly Tensor[], at: string): readonly Tensor[] {
  if (new Set(tensors.map(({ name }) => name)).size < tensors.length) refuse(at, 'has two tensors of one name');
  return tensors;
}
