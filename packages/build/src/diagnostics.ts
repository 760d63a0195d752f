/** `@enclos/build/diagnostics`: what shows a problem, without the bundler and the libraries that find it. */
export { renderDiagnostic, type RenderOptions } from './code-frame.ts';
export { didYouMean } from './did-you-mean.ts';
export { BuildError, countOf, isBuildError, type Diagnostic } from './diagnostic.ts';
export { diagnosticAt, parseJsonSource, type JsonPath, type JsonSource, type Span } from './json-source.ts';
export { schemaDiagnostics, type SchemaFile } from './schema-problems.ts';
