import { EnclosError } from '@enclos/errors';
import { diagnosticAt, renderDiagnostic, type Diagnostic, type RenderOptions } from '@enclos/diagnostics';
import type { claimRuleErrors } from './errors.ts';

export type PolicyErrorCode = keyof typeof claimRuleErrors;

/** A place in the text of a policy. */
export interface PolicySpan {
  /** UTF-16 offsets, the end exclusive. */
  readonly start: number;
  readonly end: number;
  /** Line and column of the start, from 1; columns count UTF-16 code units. */
  readonly line: number;
  readonly column: number;
}

/** One problem of a policy at its place. */
export interface PolicyDiagnostic {
  readonly code: PolicyErrorCode;
  readonly message: string;
  readonly span: PolicySpan;
  /** What to write in its place. */
  readonly suggestion?: string;
}

/** A problem with a policy, with its claims, or with the work that they cause. */
export class PolicyError extends EnclosError<PolicyErrorCode> {
  /** In the order of the text. Empty when the problem is not in the policy. */
  readonly diagnostics: readonly PolicyDiagnostic[];

  constructor(code: PolicyErrorCode, message: string, diagnostics: readonly PolicyDiagnostic[] = []) {
    super(code, message);
    this.name = 'PolicyError';
    this.diagnostics = Object.freeze([...diagnostics]);
  }
}

export function raise(code: PolicyErrorCode, message: string, span?: PolicySpan): never {
  throw new PolicyError(code, message, span === undefined ? [] : [{ code, message, span }]);
}

/** A diagnostic in the form that editors, terminals and JSON output of this project share. */
export function toDiagnostic(
  { code, message, span, suggestion }: PolicyDiagnostic,
  source: { readonly file: string; readonly text: string },
): Diagnostic {
  return diagnosticAt(source, span, { code, text: message, suggestion });
}

export interface CodeFrameOptions extends RenderOptions {
  /** The name of the policy for people. Default: policy. */
  readonly file?: string;
}

/** The diagnostic for people: the problem, its place, the line with a mark under it, and what to write instead. */
export function codeFrame(diagnostic: PolicyDiagnostic, text: string, options: CodeFrameOptions = {}): string {
  const { file = 'policy', ...render } = options;
  return renderDiagnostic(toDiagnostic(diagnostic, { file, text }), render);
}
