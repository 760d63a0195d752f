import './errors.ts';
export { array, type ArrayBounds } from './types/array.ts';
export { bigint, type BigintBounds } from './types/bigint.ts';
export { type ByteBounds, bytes, type ExactByteBounds } from './types/bytes.ts';
export {
  type CallOptions,
  type Caller,
  type CallerHooks,
  createCaller,
  type Invocation,
  type Invoke,
} from './caller.ts';
export { enumeration, nothing, option } from './types/choices.ts';
export { createDispatcher, type Dispatch, type Handlers, isThenable, maxArgumentBytes } from './dispatcher.ts';
export { defineInterface, type Func, func, type Functions, type Interface } from './interface.ts';
export { boolean, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64 } from './types/numbers.ts';
export { type Fields, record, type RecordType, type RecordValue } from './types/record.ts';
export { string, type StringBounds } from './types/string.ts';
export type { Infer, Type, TypeKind, Value } from './type.ts';
export { giveBack, memoryFor } from './reuse.ts';
export { union, type UnionValue, type Variants } from './types/union.ts';
export { type DecodeOptions, decodeValue, type EncodeOptions, encodeValue, maxEncodedBytes } from './types/value.ts';
export { MAX_FILE_CHUNK_BYTES, MAX_STREAMS, systemInterface } from './system.ts';
