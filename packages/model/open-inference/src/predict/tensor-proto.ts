import { ProtobufWriter, type ProtobufReader } from '@enclos/codec/protobuf';
import { refuseUnsupported } from '../refusal.ts';
import { refuseSize } from '../tensors/check.ts';
import type { Tensor } from '../tensors/tensor.ts';
import { decodeByteStrings } from '../tensors/values.ts';
import { onnxTypeOf } from './onnx-type.ts';
import { addElement, emptyContent, tensorOfContent, type ReadingBounds, type TensorContent } from './tensor-content.ts';

/** The fields of onnx.proto's TensorProto. */
const field = {
  dims: 1,
  dataType: 2,
  segment: 3,
  floatData: 4,
  int32Data: 5,
  stringData: 6,
  int64Data: 7,
  rawData: 9,
  doubleData: 10,
  uint64Data: 11,
  externalData: 13,
  dataLocation: 14,
} as const;

/** @param name is the key of the tensor in its map; the name inside is not looked at. Data may be a view of the message. */
export function readTensorProto(
  reader: ProtobufReader,
  { name, limits, listed, at }: ReadingBounds & { readonly name: string },
): Tensor {
  const content = emptyContent();
  for (let next = reader.next(); next !== 0; next = reader.next()) {
    // A field costs what an element costs, whether it is known or not.
    listed.add(1, at);
    readField(reader, next, { content, limits, listed, at });
  }
  return tensorOfContent(content, { name, limits, at });
}

function readField(
  reader: ProtobufReader,
  number: number,
  { content, limits, listed, at }: ReadingBounds & { readonly content: TensorContent },
): void {
  const bounds = { limits, listed, at };
  const addPacked = <T>(list: T[], value: T): void => {
    listed.add(1, at);
    addElement(list, value, bounds);
  };
  const maxBytes = limits.maxBytes;
  switch (number) {
    case field.dims:
      return reader.int64Elements((size) => addDimension(content, Number(size), bounds));
    case field.dataType:
      content.type = reader.once().int32();
      return;
    case field.floatData:
      return addFixed(content.fixed.float, reader.fixedElements(4), bounds);
    case field.doubleData:
      return addFixed(content.fixed.double, reader.fixedElements(8), bounds);
    case field.int32Data:
      return reader.int32Elements((value) => addPacked(content.int32, value));
    case field.int64Data:
      return reader.int64Elements((value) => addPacked(content.int64, value));
    case field.uint64Data:
      return reader.uint64Elements((value) => addPacked(content.uint64, value));
    case field.stringData:
      return addElement(content.strings, reader.bytes(maxBytes), bounds);
    case field.rawData:
      content.raw = reader.once().bytes(maxBytes);
      return;
    case field.segment:
    case field.externalData:
      return refuseUnsupported(at, 'has its data elsewhere');
    case field.dataLocation:
      // 0 is DEFAULT: here.
      if (reader.once().int32() !== 0) refuseUnsupported(at, 'has its data elsewhere');
      return;
    default:
      reader.skip();
  }
}

function addDimension({ dims }: TensorContent, size: number, { limits: { maxDimensions }, at }: ReadingBounds): void {
  if (dims.length === maxDimensions) refuseSize(at, `has more than ${maxDimensions} dimensions`, 'maxDimensions');
  dims.push(size);
}

/** Packed elements are one view; elements that are not packed are one view each, so these count as elements do. */
function addFixed(list: Uint8Array[], elements: Uint8Array, bounds: ReadingBounds): void {
  if (elements.length > 0) addElement(list, elements, bounds);
}

/** Raw data, but for strings; dimensions one by one: the forms of onnx's own writers. */
export function tensorProto({ datatype, shape, data }: Tensor): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const size of shape) writer.int64(field.dims, size);
  writer.int64(field.dataType, onnxTypeOf(datatype));
  if (datatype !== 'BYTES') return writer.bytes(field.rawData, data);
  for (const bytes of decodeByteStrings(data)) writer.bytes(field.stringData, bytes);
  return writer;
}
