import { viewOf } from '@enclos/codec';
import { ProtobufWriter } from '@enclos/codec/protobuf';
import { checkTensor, defaultTensorLimits, type Tensor } from '@enclos/open-inference';
import { elementTypes } from '../onnx/element-types.ts';
import {
  attributeFields,
  containerFields,
  dimensionFields,
  graphFields,
  metadataFields,
  modelFields,
  nodeFields,
  opsetFields,
  shapeFields,
  tensorFields,
  tensorTypeFields,
  typeFields,
  valueFields,
} from '../onnx/fields.ts';
import type { Graph, GraphAttribute, GraphModel, GraphNode, GraphValue } from './graph.ts';

/** `AttributeProto.AttributeType` of onnx.proto. */
const attributeTypes = Object.freeze({
  float: 1,
  integer: 2,
  text: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  integers: 7,
  texts: 8,
} as const);
/** Weights are the caller's own: a bound on memory, not on what a stranger sends. */
const limits = { ...defaultTensorLimits, maxElements: 2 ** 30, maxBytes: 2 ** 31 - 1 };

/**
 * An ONNX file. The same model always gives the same bytes.
 *
 * @example
 * ```ts
 * import { writeModel } from '@enclos/inference-models/graphs';
 *
 * const value = (name: string) => ({ name, datatype: 'FP32', shape: ['n', 4] }) as const;
 * const bytes = writeModel({
 *   nodes: [{ operator: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
 *   inputs: [value('x')],
 *   outputs: [value('y')],
 * });
 * ```
 *
 * @throws INFERENCE_TENSOR_INVALID for a tensor whose data does not fit its shape.
 */
export function writeModel(model: GraphModel): Uint8Array {
  const { opset = 17, domains = {}, irVersion = 8, producer = 'enclos', metadata = {} } = model;
  const writer = new ProtobufWriter().int64(modelFields.irVersion, irVersion).text(modelFields.producerName, producer);
  writer.message(modelFields.graph, graphMessage(model));
  for (const [domain, version] of [['', opset] as const, ...Object.entries(domains)]) {
    const entry = new ProtobufWriter().text(opsetFields.domain, domain).int64(opsetFields.version, version);
    writer.message(modelFields.opsetImport, entry);
  }
  for (const [key, value] of Object.entries(metadata)) {
    writer.message(
      modelFields.metadata,
      new ProtobufWriter().text(metadataFields.key, key).text(metadataFields.value, value),
    );
  }
  return writer.finish();
}

function graphMessage({ name = 'graph', nodes, inputs, outputs, initializers = [] }: Graph): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const node of nodes) writer.message(graphFields.node, nodeMessage(node));
  writer.text(graphFields.name, name);
  for (const tensor of initializers) writer.message(graphFields.initializer, tensorMessage(tensor));
  for (const value of inputs) writer.message(graphFields.input, valueMessage(value));
  for (const value of outputs) writer.message(graphFields.output, valueMessage(value));
  return writer;
}

function nodeMessage({ operator, inputs, outputs, attributes = {}, domain }: GraphNode): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const input of inputs) writer.text(nodeFields.input, input);
  for (const output of outputs) writer.text(nodeFields.output, output);
  writer.text(nodeFields.operator, operator);
  for (const [name, value] of Object.entries(attributes)) {
    writer.message(nodeFields.attribute, attributeMessage(name, value));
  }
  return domain === undefined ? writer : writer.text(nodeFields.domain, domain);
}

function attributeMessage(name: string, value: GraphAttribute): ProtobufWriter {
  const writer = new ProtobufWriter().text(attributeFields.name, name);
  return writer.int64(attributeFields.type, attributeTypes[writeValue(writer, value)]);
}

/** @returns the type of the attribute. */
function writeValue(writer: ProtobufWriter, value: GraphAttribute): keyof typeof attributeTypes {
  if (isList(value)) return writeList(writer, value);
  if (typeof value === 'bigint') {
    writer.int64(attributeFields.integer, value);
    return 'integer';
  }
  if (typeof value === 'number') {
    writer.float(attributeFields.float, value);
    return 'float';
  }
  if (typeof value === 'string') {
    writer.text(attributeFields.text, value);
    return 'text';
  }
  if ('nodes' in value) {
    writer.message(attributeFields.graph, graphMessage(value));
    return 'graph';
  }
  writer.message(attributeFields.tensor, tensorMessage(value));
  return 'tensor';
}

type GraphAttributeList = Extract<GraphAttribute, readonly unknown[]>;

function isList(value: GraphAttribute): value is GraphAttributeList {
  return Array.isArray(value);
}

/** An empty list is one of integers, which is what ONNX's operators mean by it. */
function writeList(writer: ProtobufWriter, values: GraphAttributeList): keyof typeof attributeTypes {
  const [first] = values;
  for (const value of values) {
    if (typeof value === 'bigint') writer.int64(attributeFields.integers, value);
    else if (typeof value === 'number') writer.float(attributeFields.floats, value);
    else writer.text(attributeFields.texts, value);
  }
  if (typeof first === 'number') return 'floats';
  return typeof first === 'string' ? 'texts' : 'integers';
}

function tensorMessage(tensor: Tensor): ProtobufWriter {
  checkTensor(tensor, limits, `the tensor ${tensor.name}`);
  const { name, datatype, shape, data } = tensor;
  const writer = new ProtobufWriter();
  for (const size of shape) writer.int64(tensorFields.dims, size);
  writer.int64(tensorFields.elementType, elementTypes[datatype]);
  // onnx.proto has no raw form of texts.
  if (datatype === 'BYTES') for (const element of byteStringsIn(data)) writer.bytes(tensorFields.texts, element);
  writer.text(tensorFields.name, name);
  return datatype === 'BYTES' ? writer : writer.bytes(tensorFields.rawData, data);
}

function* byteStringsIn(data: Uint8Array): Generator<Uint8Array> {
  const view = viewOf(data);
  for (let at = 0; at < data.length;) {
    const length = view.getUint32(at, true);
    yield data.slice(at + 4, at + 4 + length);
    at += 4 + length;
  }
}

function valueMessage({ name, datatype, shape, within }: GraphValue): ProtobufWriter {
  const tensor = new ProtobufWriter().int64(tensorTypeFields.elementType, elementTypes[datatype]);
  if (shape !== undefined) tensor.message(tensorTypeFields.shape, shapeMessage(shape));
  const type = new ProtobufWriter().message(typeFields.tensor, tensor);
  const message = new ProtobufWriter().text(valueFields.name, name);
  if (within === undefined) return message.message(valueFields.type, type);
  const outer = new ProtobufWriter().message(containerFields.element, type);
  return message.message(valueFields.type, new ProtobufWriter().message(typeFields[within], outer));
}

function shapeMessage(shape: readonly (number | string)[]): ProtobufWriter {
  const dimensions = new ProtobufWriter();
  for (const size of shape) {
    const dimension = new ProtobufWriter();
    if (typeof size === 'string') dimension.text(dimensionFields.parameter, size);
    else dimension.int64(dimensionFields.value, size);
    dimensions.message(shapeFields.dimension, dimension);
  }
  return dimensions;
}
