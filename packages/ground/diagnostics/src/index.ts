/** `@enclos/diagnostics`: problems at places in a text, their rendering for people, the errors of programs and of the
 * system in words, what a file seems to be, and texts and numbers fit for a terminal. */
export { renderDiagnostic, renderPlace, type RenderOptions } from './code-frame.ts';
export { didYouMean } from './did-you-mean.ts';
export type { Diagnostic } from './diagnostic.ts';
export { diagnosticAt, type Span } from './diagnostic-at.ts';
export { failureLines, type Failure, type FailurePaint } from './failure.ts';
export { fileKindOf, type FileKind, type KnownFile } from './file-kind.ts';
export { grouped } from './grouped.ts';
export { printable, printableLines } from './printable.ts';
export { ownFrames, placeOfFrame, stackVariable, withoutInternalFrames, type FramePlace } from './stack-frames.ts';
export { listenRefusal, systemReason, unreadableReason } from './system-reason.ts';
