import '../errors.ts';
import { ProtobufReader } from '@enclos/codec/protobuf';
import { decodeUtf8 } from '@enclos/codec/text';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { TensorFacts } from '@enclos/open-inference';
import { defaultModelLimits, type ModelFacts, type ModelLimits, type ModelValue } from './facts.ts';
import { metadataFields, modelFields, opsetFields } from './fields.ts';
import { readFunction, readGraph, type GraphFacts } from './read-graph.ts';
import { maximumTextBytes } from './read-tensor.ts';
import { refuseModel, refuseSize, Tally } from './tally.ts';

const maximumOpsets = 64;
const maximumFunctions = 10_000;
const maximumMetadata = 1024;
const maximumMetadataBytes = 4096;

/**
 * Reads what an ONNX file says of itself. The data of weights are passed over, so the time depends on the number of nodes, and
 * hardly on the size of the file. Nothing is run: a file that reads here may still be refused by an engine.
 *
 * @example
 * ```ts
 * import { readModelFacts } from '@enclos/inference-models';
 *
 * export function inputsOf(bytes: Uint8Array): readonly string[] {
 *   return readModelFacts(bytes).inputs.map(({ name }) => name);
 * }
 * ```
 *
 * @throws MODEL_INVALID, MODEL_LIMIT_EXCEEDED, or MODEL_EXTERNAL_DATA for weights in other files.
 */
export function readModelFacts(bytes: Uint8Array, limits: Partial<ModelLimits> = {}): ModelFacts {
  const tally = new Tally({ ...defaultModelLimits, ...limits });
  const { maxBytes } = tally.limits;
  if (bytes.length > maxBytes) refuseSize(`more than ${maxBytes} bytes`, 'maxBytes');
  try {
    return readModel(new ProtobufReader(bytes), { tally, sizeBytes: bytes.length });
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    throw new EnclosError('MODEL_INVALID', `The ONNX model is not valid: ${error.message}`, { cause: error });
  }
}

/**
 * The inputs or outputs of a model as an inference protocol carries them.
 *
 * @throws MODEL_UNSUPPORTED for one that is not a dense tensor of a datatype of the protocol, or says nothing of its shape.
 */
export function tensorFactsOf(values: readonly ModelValue[]): readonly TensorFacts[] {
  return values.map(({ name, datatype, shape }) => {
    if (datatype !== undefined && shape !== undefined) return Object.freeze({ name, datatype, shape });
    throw new EnclosError('MODEL_UNSUPPORTED');
  });
}

interface Reading {
  readonly tally: Tally;
  readonly sizeBytes: number;
}

function readModel(reader: ProtobufReader, { tally, sizeBytes }: Reading): ModelFacts {
  let [irVersion, producer, producerVersion, domain, modelVersion] = [0n, '', '', '', 0n];
  let graph: GraphFacts | undefined;
  const opsets = new Map<string, number>();
  const functions: string[] = [];
  const metadata = new Map<string, string>();
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === modelFields.irVersion) irVersion = reader.once().int64();
    else if (field === modelFields.producerName) producer = reader.once().text(maximumTextBytes);
    else if (field === modelFields.producerVersion) producerVersion = reader.once().text(maximumTextBytes);
    else if (field === modelFields.domain) domain = reader.once().text(maximumTextBytes);
    else if (field === modelFields.modelVersion) modelVersion = reader.once().int64();
    else if (field === modelFields.graph) graph = readGraph(reader.once().message(), tally);
    else if (field === modelFields.opsetImport) readOpset(reader.message(), opsets);
    else if (field === modelFields.metadata) readMetadata(reader.message(), metadata);
    else if (field === modelFields.functions) {
      if (functions.length === maximumFunctions) refuseModel(`it has more than ${maximumFunctions} functions`);
      functions.push(readFunction(reader.message(), tally));
    }
  }
  if (graph === undefined) return refuseModel('it has no graph');
  if (irVersion < 1n || irVersion > 1_000n) return refuseModel('it has no version of its format');
  return Object.freeze({
    sizeBytes,
    irVersion: Number(irVersion),
    producer,
    producerVersion,
    domain,
    modelVersion,
    opsets,
    ...inputsOf(graph),
    outputs: Object.freeze(graph.outputs),
    weights: tally.weights(),
    operators: tally.operators(),
    functions: Object.freeze(functions),
    metadata,
  });
}

/** Before version 4 of the format each initializer was an input too. */
function inputsOf({ inputs, initializers }: GraphFacts): Pick<ModelFacts, 'inputs' | 'optionalInputs'> {
  return {
    inputs: Object.freeze(inputs.filter(({ name }) => !initializers.has(name))),
    optionalInputs: Object.freeze(inputs.filter(({ name }) => initializers.has(name))),
  };
}

function readOpset(reader: ProtobufReader, opsets: Map<string, number>): void {
  let [domain, version] = ['', 0n];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === opsetFields.domain) domain = reader.once().text(maximumTextBytes);
    else if (field === opsetFields.version) version = reader.once().int64();
  }
  const known = domain === 'ai.onnx' ? '' : domain;
  if (opsets.has(known)) refuseModel('it imports an operator set twice');
  if (opsets.size === maximumOpsets) refuseModel(`it imports more than ${maximumOpsets} operator sets`);
  if (version < 1n || version > 1_000_000n) refuseModel('the version of an operator set is out of range');
  opsets.set(known, Number(version));
}

function readMetadata(reader: ProtobufReader, metadata: Map<string, string>): void {
  let [key, value] = ['', ''];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === metadataFields.key) key = reader.once().text(maximumTextBytes);
    else if (field === metadataFields.value) {
      const text = reader.once().bytes(Number.MAX_SAFE_INTEGER);
      value = text.length > maximumMetadataBytes ? '' : decodeUtf8(text);
    }
  }
  if (metadata.size === maximumMetadata) refuseModel(`it has more than ${maximumMetadata} entries of metadata`);
  metadata.set(key, value);
}
