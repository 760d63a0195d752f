/** `@enclos/build/diagnostics`: what shows a problem, without the bundler and the libraries that find it. */
import './errors.ts';
export {
  diagnosticAt,
  didYouMean,
  renderDiagnostic,
  type Diagnostic,
  type RenderOptions,
  type Span,
} from '@enclos/diagnostics';
export { BuildError, countOf, isBuildError } from './diagnostic.ts';
export { isEgoConfig } from './project/ego-config.ts';
export { parseJsonSource, type JsonPath, type JsonSource } from './project/json-source.ts';
export { schemaDiagnostics, type SchemaFile } from './project/schema-problems.ts';
