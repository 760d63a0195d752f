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
  readonly initializerBytes: number;
}

const tensorReaders: Readonly<Record<number, (reader: ProtobufReader) => TensorSize>> = Object.freeze({
  [graphFields.initializer]: readTensor,
  [graphFields.sparseInitializer]: readSparseTensor,
});

/** Reads a graph, with the graphs in its nodes. The data of tensors are passed over. */
export function readGraph(reader: ProtobufReader, tally: Tally): GraphFacts {
  const inputs: ModelValue[] = [];
  const outputs: ModelValue[] = [];
  const initializers = new Set<string>();
  let initializerBytes = 0;
  const { maxInitializers, maxValues } = tally.limits;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    const readTensorHere = tensorReaders[field];
    if (field === graphFields.node) readNode(reader.message(), tally);
    else if (field === graphFields.input) inputs.push(readValue(reader.message()));
    else if (field === graphFields.output) outputs.push(readValue(reader.message()));
    else if (readTensorHere !== undefined) {
      const { name, sizeBytes } = readTensorHere(reader.message());
      initializers.add(name);
      initializerBytes += sizeBytes;
    }
    if (initializers.size > maxInitializers) refuseSize(`more than ${maxInitializers} initializers`, 'maxInitializers');
    if (inputs.length > maxValues) refuseSize(`more than ${maxValues} inputs`, 'maxValues');
    if (outputs.length > maxValues) refuseSize(`more than ${maxValues} outputs`, 'maxValues');
  }
  return { inputs, outputs, initializers, initializerBytes };
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
    if (field === attributeFields.tensor || field === attributeFields.tensors) readTensor(reader.message());
    else if (field === attributeFields.sparseTensor || field === attributeFields.sparseTensors) {
      readSparseTensor(reader.message());
    } else if (field === attributeFields.graph || field === attributeFields.graphs) readGraph(reader.message(), tally);
  }
}
