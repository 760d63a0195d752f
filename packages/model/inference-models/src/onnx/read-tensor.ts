import type { ProtobufReader } from '@enclos/codec/protobuf';
import { EnclosError } from '@enclos/errors';
import { elementSize } from '@enclos/open-inference';
import { datatypeOf } from './element-types.ts';
import { sparseTensorFields, tensorFields } from './fields.ts';
import { refuseModel } from './tally.ts';

export interface TensorSize {
  readonly name: string;
  /** Bytes of its elements; 0 for texts, whose lengths are not in the shape, and for types that are not known here. */
  readonly sizeBytes: number;
}

/** `TensorProto.DataLocation` of onnx.proto. */
const inThisFile = 0;
export const maximumTextBytes = 65_536;

/**
 * Reads what a tensor says of itself, and not its data.
 *
 * @throws MODEL_EXTERNAL_DATA for data in another file, and MODEL_INVALID for data that do not fit the shape.
 */
export function readTensor(reader: ProtobufReader): TensorSize {
  let [name, elements, elementType] = ['', 1, 0];
  let rawBytes: number | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === tensorFields.dims) reader.int64Elements((size) => (elements = elements * dimensionOf(size)));
    else if (field === tensorFields.elementType) elementType = reader.once().int32();
    else if (field === tensorFields.name) name = reader.once().text(maximumTextBytes);
    else if (field === tensorFields.rawData) rawBytes = reader.once().bytes(Number.MAX_SAFE_INTEGER).length;
    else if (field === tensorFields.externalData) refuseExternal();
    else if (field === tensorFields.dataLocation && reader.once().int32() !== inThisFile) refuseExternal();
  }
  const datatype = datatypeOf(elementType);
  const sizeBytes = elements * (datatype === undefined ? 0 : elementSize(datatype));
  if (!Number.isSafeInteger(elements)) refuseModel('a tensor has too many elements');
  if (rawBytes !== undefined && datatype === 'BYTES') refuseModel('a tensor of texts has raw data');
  if (rawBytes !== undefined && datatype !== undefined && rawBytes !== sizeBytes) {
    refuseModel('the data of a tensor do not fit its shape');
  }
  return { name, sizeBytes };
}

/** A sparse tensor is two dense ones: values and their indices. The first one has the name. */
export function readSparseTensor(reader: ProtobufReader): TensorSize {
  let [name, sizeBytes] = ['', 0];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field !== sparseTensorFields.values && field !== sparseTensorFields.indices) continue;
    const part = readTensor(reader.once().message());
    sizeBytes += part.sizeBytes;
    if (field === sparseTensorFields.values) name = part.name;
  }
  return { name, sizeBytes };
}

function dimensionOf(size: bigint): number {
  if (size < 0n) refuseModel('a dimension of a tensor is negative');
  return Number(size);
}

function refuseExternal(): never {
  throw new EnclosError('MODEL_EXTERNAL_DATA');
}
