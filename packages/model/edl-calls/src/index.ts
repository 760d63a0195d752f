import './errors.ts';
export type { Abi, CallLayout, ParameterLayout } from './layout/calls.ts';
export type { ForeignType, ForeignTypes } from './layout/foreign.ts';
export { type AbiLayout, type EdlLayout, layoutOf } from './layout/layout.ts';
export type { FieldLayout, StructLayout, TypeSize } from './layout/sizes.ts';
export {
  type ArenaHandle,
  type ArenaImage,
  arenaMemory,
  type ArenaMemory,
  type ArenaPatch,
  imageBytes,
} from './arena/memory.ts';
export type {
  CallCodec,
  CallCodecOptions,
  EcallArguments,
  EcallCodec,
  EcallResult,
  OcallAnswer,
  OcallArguments,
  OcallCodec,
} from './arena/contract.ts';
export { callCodec } from './codec/call-codec.ts';
export type { CallValues, EdlObject, EdlValue } from './arena/values.ts';
export { generateDocumentation } from './description/generate.ts';
export { generateTypeScript, type TypeScriptOptions } from './typescript/generate.ts';
