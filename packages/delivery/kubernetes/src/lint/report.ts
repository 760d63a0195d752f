import type { Report as ReportOf } from '@enclos/kubernetes-schema';
import type { Span } from '@enclos/kubernetes-schema/yaml';
import type { LintCode } from './rules.ts';

/** One finding before its place is looked up. */
export interface RawFinding {
  readonly code: LintCode;
  readonly span: Span;
  readonly text: string;
  readonly fix?: string;
}

/** Takes the findings of one document. */
export type Report = ReportOf<LintCode>;
