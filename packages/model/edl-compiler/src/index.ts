import './errors.ts';
export type { Dialect, DialectChoice } from './source/dialect.ts';
export type { Place, SourceText } from './source/place.ts';
export type { BasicTypeName } from './syntax/tree.ts';
export type {
  CompositeModel,
  CType,
  Direction,
  EcallModel,
  EdlModel,
  EnumModel,
  Extent,
  ForeignWord,
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
export { formatEdl } from './format/format-edl.ts';
