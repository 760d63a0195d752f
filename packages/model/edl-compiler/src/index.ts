import './errors.ts';
export type { Dialect, DialectChoice } from './source/dialect.ts';
export type { Place, SourceText } from './source/place.ts';
export type { ForeignType, ForeignTypes } from './layout/foreign.ts';
export type { ArenaImage, ArenaMemory, ArenaPatch } from './arena/memory.ts';
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
export { Findings, type FindingsOptions, type Judgement } from './findings/findings.ts';
export type { LoadedEdl } from './loading/loaded.ts';
export { EdlFileError } from './findings/refused.ts';
