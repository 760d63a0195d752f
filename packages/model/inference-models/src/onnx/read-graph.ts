import type { ProtobufReader } from '@enclos/codec/protobuf';
import type { ModelValue } from './facts.ts';
import { attributeFields, functionFields, graphFields, nodeFields } from './fields.ts';
import { maximumTextBytes, readSparseTensor, readTensor, type TensorSize } from './read-tensor.ts';
import { readValue } from './read-value.ts';
import { refuseSize, type Tally } from './tally.ts';

export interface GraphFacts {
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  /** The names of the initializers: an input of that name has a default. */
  readonly initializers: ReadonlySet<string>;
}

const tensorReaders: Readonly<Record<number, (reader: ProtobufReader) => TensorSize>> = Object.freeze({
  [graphFields.initializer]: readTensor,
  [graphFields.sparseInitializer]: readSparseTensor,
});

const attributeReaders: typeof tensorReaders = Object.freeze({
  [attributeFields.tensor]: readTensor,
  [attributeFields.tensors]: readTensor,
  [attributeFields.sparseTensor]: readSparseTensor,
  [attributeFields.sparseTensors]: readSparseTensor,
});

/** Reads a graph, with the graphs in its nodes. The data of tensors are passed over. */
export function readGraph(reader: ProtobufReader, tally: Tally): GraphFacts {
  const inputs: ModelValue[] = [];
  const outputs: ModelValue[] = [];
  const initializers = new Set<string>();
  const { maxValues } = tally.limits;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    const readTensorHere = tensorReaders[field];
    if (field === graphFields.node) readNode(reader.message(), tally);
    else if (field === graphFields.input) inputs.push(readValue(reader.message()));
    else if (field === graphFields.output) outputs.push(readValue(reader.message()));
    else if (readTensorHere !== undefined) {
      const { name, sizeBytes } = readTensorHere(reader.message());
      initializers.add(name);
      tally.addWeights(sizeBytes);
    }
    if (inputs.length > maxValues) refuseSize(`more than ${maxValues} inputs`, 'maxValues');
    if (outputs.length > maxValues) refuseSize(`more than ${maxValues} outputs`, 'maxValues');
  }
  return { inputs, outputs, initializers };
}

/** @returns the function as `domain:name`. */
export function readFunction(reader: ProtobufReader, tally: Tally): string {
  let [domain, name] = ['', ''];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === functionFields.name) name = reader.once().text(maximumTextBytes);
    else if (field === functionFields.domain) domain = reader.once().text(maximumTextBytes);
    else if (field === functionFields.node) readNode(reader.message(), tally);
  }
  return `${domain}:${name}`;
}

function readNode(reader: ProtobufReader, tally: Tally): void {
  let [domain, operator] = ['', ''];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === nodeFields.operator) operator = reader.once().text(maximumTextBytes);
    else if (field === nodeFields.domain) domain = reader.once().text(maximumTextBytes);
    else if (field === nodeFields.attribute) readAttribute(reader.message(), tally);
  }
  // Both names mean ONNX itself.
  tally.addNode(domain === 'ai.onnx' ? '' : domain, operator);
}

/** Tensors of attributes may lie in other files too, and graphs hold nodes. */
function readAttribute(reader: ProtobufReader, tally: Tally): void {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    const readTensorHere = attributeReaders[field];
    if (readTensorHere !== undefined) tally.addWeights(readTensorHere(reader.message()).sizeBytes);
    else if (field === attributeFields.graph || field === attributeFields.graphs) readGraph(reader.message(), tally);
  }
}
