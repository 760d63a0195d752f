import type { Span } from '@enclos/diagnostics';
import { blankSource } from './blank-source.ts';

/** Something in a source that would fail inside an enclave. */
export interface SourceFinding {
  readonly span: Span;
  readonly text: string;
  readonly suggestion: string;
}

interface Rule {
  readonly pattern: RegExp;
  readonly text: string;
  readonly suggestion: string;
}

const noEvaluation = 'code that is bundled; an enclave cannot turn strings into code';
const rules: readonly Rule[] = [
  {
    pattern: /(?<![\w$.])(?:new\s+Function\b|Function\s*\()/g,
    text: 'the Function constructor throws in an enclave',
    suggestion: noEvaluation,
  },
  {
    pattern: /(?<![\w$.#])eval\b(?!\s*:)|\b(?:globalThis|global|self|window)\s*\??\.\s*eval\b/g,
    text: 'eval throws in an enclave',
    suggestion: noEvaluation,
  },
  {
    pattern: /(?<![\w$.])process\s*\??\.\s*(?:binding|_linkedBinding|dlopen|getBuiltinModule|mainModule)\b/g,
    text: 'the runtime removes this member of process from an enclave',
    suggestion: 'an import of an allowed module, or an untrusted function of the interface',
  },
  {
    pattern: /(?<![\w$.])process\s*\??\.\s*env\b(?!\s*\??\.\s*NODE_ENV\b)/g,
    text: 'an enclave has no process environment',
    suggestion: 'environmentVariable() of @enclos/enclave, with the variable declared in `env` of enclave.json',
  },
  {
    pattern: /(?<![\w$.])(?:globalThis|global|self|window)\s*\??\.\s*(?:require|module|process|Function)\b/g,
    text: 'this global is not there in an enclave',
    suggestion: 'an import of an allowed module, which the build can see',
  },
];

/**
 * Finds uses of what an enclave does not have, in the application's own source.
 * A courtesy: the run-time refuses these whether or not they are found here.
 */
export function scanSource(source: string): readonly SourceFinding[] {
  const code = blankSource(source);
  return rules
    .flatMap(({ pattern, text, suggestion }) =>
      [...code.matchAll(pattern)].map((match) => ({
        span: { start: match.index, end: match.index + match[0].length },
        text,
        suggestion,
      })),
    )
    .sort((a, b) => a.span.start - b.span.start);
}
