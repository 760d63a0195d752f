import './errors.ts';
export type { Dialect, DialectChoice } from './source/dialect.ts';
export type { Place, SourceText } from './source/place.ts';
export type { Abi, CallLayout, ParameterLayout } from './layout/calls.ts';
export type { ForeignType, ForeignTypes } from './layout/foreign.ts';
export { type AbiLayout, type EdlLayout, layoutOf } from './layout/layout.ts';
export type { FieldLayout, StructLayout, TypeSize } from './layout/sizes.ts';
export { type ArenaHandle, type ArenaImage, arenaMemory, type ArenaMemory, type ArenaPatch } from './arena/memory.ts';
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
export type {
  CompositeModel,
  CType,
  Direction,
  EcallModel,
  EdlModel,
  EnumModel,
  Extent,
  FunctionModel,
  Length,
  Measure,
  MemberModel,
  OcallModel,
  ParameterModel,
  Passing,
} from './model/model.ts';
export type { Rule } from './findings/rule.ts';
export { compileEdl, type Compilation, type CompileOptions } from './compile.ts';
export { parseWarningOptions, type WarningChoice } from './warnings/choice.ts';
export { type WarningFamily, warningFamilies } from './warnings/families.ts';
export { Findings, type FindingsOptions, type Judgement } from './findings/findings.ts';
export type { LoadedEdl } from './loading/loaded.ts';
export { EdlFileError } from './findings/refused.ts';
export { parseEdl, type ParsedEdl, type ParseOptions } from './syntax/parse-edl.ts';
export { generateDocumentation } from './description/generate.ts';
export { generateTypeScript, type TypeScriptOptions } from './typescript/generate.ts';
export { formatEdl } from './format/format-edl.ts';
