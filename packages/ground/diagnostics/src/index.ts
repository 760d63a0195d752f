/** `@enclos/diagnostics`: problems at places of a text, and how people are shown them. */
export { renderDiagnostic, type RenderOptions } from './code-frame.ts';
export { didYouMean } from './did-you-mean.ts';
export type { Diagnostic } from './diagnostic.ts';
export { diagnosticAt, type Span } from './diagnostic-at.ts';
