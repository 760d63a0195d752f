export { array, type ArrayBounds } from './array.ts';
export { bigint, type BigintBounds } from './bigint.ts';
export { type ByteBounds, bytes, type ExactByteBounds } from './bytes.ts';
export { type CallOptions, type Caller, createCaller, type Invocation, type Invoke } from './caller.ts';
export { enumeration, nothing, option } from './choices.ts';
export { createDispatcher, type Dispatch, type Handlers, isThenable, maxArgumentBytes } from './dispatcher.ts';
export { defineInterface, type Func, func, type Functions, type Interface } from './interface.ts';
export { boolean, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64 } from './numbers.ts';
export { type Fields, record, type RecordType, type RecordValue } from './record.ts';
export { string, type StringBounds } from './string.ts';
export type { Infer, Type, TypeKind, Value } from './type.ts';
export { union, type UnionValue, type Variants } from './union.ts';
export { type DecodeOptions, decodeValue, type EncodeOptions, encodeValue, maxEncodedBytes } from './value.ts';
export {
  MAX_FILE_CHUNK_BYTES,
  MAX_STREAM_CALLS,
  MAX_STREAM_CHUNK_BYTES,
  MAX_STREAM_WRITES,
  MAX_STREAMS,
  systemInterface,
} from './system.ts';
