import type { ProtobufReader } from '@enclos/codec/protobuf';
import { datatypeOf } from './element-types.ts';
import type { ModelValue } from './facts.ts';
import { dimensionFields, shapeFields, tensorTypeFields, typeFields, valueFields } from './fields.ts';
import { maximumTextBytes } from './read-tensor.ts';
import { refuseModel } from './tally.ts';

/** The other members of the oneof in `TypeProto` of onnx.proto, by the number of the field. */
const otherKinds: Readonly<Record<number, ModelValue['kind']>> = Object.freeze({
  4: 'sequence',
  5: 'map',
  8: 'sparse-tensor',
  9: 'optional',
});
const maximumDimensions = 256;

type Type = Omit<ModelValue, 'name'>;
type Shape = Required<Pick<ModelValue, 'dimensionNames' | 'shape'>>;

/** Reads a `ValueInfoProto`. */
export function readValue(reader: ProtobufReader): ModelValue {
  let name = '';
  let type: Type = { kind: 'unknown' };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === valueFields.name) name = reader.once().text(maximumTextBytes);
    else if (field === valueFields.type) type = readType(reader.once().message());
  }
  return Object.freeze({ name, ...type });
}

function readType(reader: ProtobufReader): Type {
  let type: Type | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    const kind = field === typeFields.tensor ? 'tensor' : otherKinds[field];
    if (kind === undefined) continue;
    // The last one would count for protobuf's libraries, and the first one for others.
    if (type !== undefined) refuseModel('a value has two types');
    type = kind === 'tensor' ? readTensorType(reader.message()) : { kind };
  }
  return type ?? { kind: 'unknown' };
}

function readTensorType(reader: ProtobufReader): Type {
  let elementType = 0;
  let shape: Shape | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === tensorTypeFields.elementType) elementType = reader.once().int32();
    else if (field === tensorTypeFields.shape) shape = readShape(reader.once().message());
  }
  const datatype = datatypeOf(elementType);
  return { kind: 'tensor', ...(datatype === undefined ? {} : { datatype }), ...shape };
}

function readShape(reader: ProtobufReader): Shape {
  const shape: number[] = [];
  const dimensionNames: (string | undefined)[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field !== shapeFields.dimension) continue;
    const { size, name } = readDimension(reader.message());
    shape.push(size);
    dimensionNames.push(name);
    if (shape.length > maximumDimensions) refuseModel(`a value has more than ${maximumDimensions} dimensions`);
  }
  return { shape: Object.freeze(shape), dimensionNames: Object.freeze(dimensionNames) };
}

function readDimension(reader: ProtobufReader): { readonly size: number; readonly name: string | undefined } {
  let size: number | undefined;
  let name: string | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === dimensionFields.value) size = Number(reader.once().int64());
    else if (field === dimensionFields.parameter) name = reader.once().text(maximumTextBytes);
  }
  if (size !== undefined && name !== undefined) refuseModel('a dimension has a size and a name');
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= -1)) refuseModel('a dimension is out of range');
  // Exporters write -1, or an empty name, for a dimension that is variable.
  return { size: size ?? -1, name: name === '' ? undefined : name };
}
