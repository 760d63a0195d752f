import type { Span } from '../yaml/node.ts';
import type { LintCode } from './rules.ts';

/** One finding before its place is looked up. */
export interface RawFinding {
  readonly code: LintCode;
  readonly span: Span;
  readonly text: string;
  /** In place of the rule's own fix. */
  readonly fix?: string;
}

/** Takes the findings of one document. */
export type Report = (code: LintCode, span: Span, text: string, fix?: string) => void;
