/** `@enclos/diagnostics`: problems at places in a text, their rendering for people, and words for what a file seems to be and for why the system refuses. */
export { renderDiagnostic, type RenderOptions } from './code-frame.ts';
export { didYouMean } from './did-you-mean.ts';
export type { Diagnostic } from './diagnostic.ts';
export { diagnosticAt, type Span } from './diagnostic-at.ts';
export { fileKindOf, type FileKind, type KnownFile } from './file-kind.ts';
export { systemReason } from './system-reason.ts';
