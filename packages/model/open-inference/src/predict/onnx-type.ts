import type { Datatype } from '../tensors/datatype.ts';

/** The numbers of `TensorProto.DataType` (onnx.proto) that an inference server exchanges. */
const types: ReadonlyMap<Datatype, number> = new Map<Datatype, number>([
  ['FP32', 1],
  ['UINT8', 2],
  ['INT8', 3],
  ['UINT16', 4],
  ['INT16', 5],
  ['INT32', 6],
  ['INT64', 7],
  ['BYTES', 8],
  ['BOOL', 9],
  ['FP16', 10],
  ['FP64', 11],
  ['UINT32', 12],
  ['UINT64', 13],
  ['BF16', 16],
]);

const byNumber = new Map([...types].map(([datatype, number]) => [number, datatype]));

/** The datatype of an ONNX element type, or undefined for one that has none, such as complex numbers. */
export function datatypeOfOnnx(type: number): Datatype | undefined {
  return byNumber.get(type);
}

/** The number of a datatype in `TensorProto.DataType`. */
export function onnxTypeOf(datatype: Datatype): number {
  return types.get(datatype) ?? 0;
}

/** The typed fields of a TensorProto. Each holds the elements of a few datatypes. */
export type ElementField = 'float' | 'int32' | 'string' | 'int64' | 'double' | 'uint64';

/** onnx.proto: which field of a TensorProto has the elements of a datatype when `raw_data` does not. */
export function fieldOf(datatype: Datatype): ElementField {
  switch (datatype) {
    case 'FP32':
      return 'float';
    case 'FP64':
      return 'double';
    case 'INT64':
      return 'int64';
    case 'UINT32':
    case 'UINT64':
      return 'uint64';
    case 'BYTES':
      return 'string';
    default:
      return 'int32';
  }
}
