import { didYouMean } from '@enclos/build/diagnostics';
import type { Span } from '../yaml/node.ts';
import type { LintCode } from './rules.ts';

/** One finding before its place is looked up. */
export interface RawFinding {
  readonly code: LintCode;
  readonly span: Span;
  readonly text: string;
  readonly fix?: string;
}

/** What to do, in place of the rule's own words. One that costs something to find is found for findings that are kept. */
export type Fix = string | (() => string | undefined);

/** Takes the findings of one document. */
export type Report = (code: LintCode, span: Span, text: string, fix?: Fix) => void;

/** The fix for a name that is close to a known one. */
export function meantBy(name: string, known: Iterable<string>): string | undefined {
  const meant = didYouMean(name, known);
  return meant === undefined ? undefined : `"${meant}" — did you mean that?`;
}
