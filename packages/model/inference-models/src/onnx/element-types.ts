import type { Datatype } from '@enclos/open-inference';

/** `TensorProto.DataType` of onnx.proto, by the datatype of the Open Inference Protocol. */
export const elementTypes: Readonly<Record<Datatype, number>> = Object.freeze({
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
  BF16: 16,
});

/** Undefined for the types that the protocol does not carry: complex numbers, and floats and integers of less than a byte. */
export function datatypeOf(elementType: number): Datatype | undefined {
  for (const [datatype, value] of Object.entries(elementTypes)) {
    // The names of the table are its own keys.
    if (value === elementType) return datatype as Datatype;
  }
  return undefined;
}
