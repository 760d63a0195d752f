import { didYouMean } from '@enclos/diagnostics';
import type { RefusalCode } from './refusals.ts';
import type { Span } from './yaml/node.ts';

/** What to do, in place of the rule's own words. One that costs something to find is found for findings that are kept. */
export type Fix = string | (() => string | undefined);

/** Takes the findings of one document. */
export type Report<Code extends string = RefusalCode> = (code: Code, span: Span, text: string, fix?: Fix) => void;

/** The fix for a name that is close to a known one. */
export function meantBy(name: string, known: Iterable<string>): string | undefined {
  const meant = didYouMean(name, known);
  return meant === undefined ? undefined : `"${meant}" — did you mean that?`;
}
