import { attributeExamples } from './attributes.ts';
import type { RuleExample } from './example.ts';
import { extentExamples } from './extents.ts';
import { filesExamples } from './files.ts';
import { functionExamples } from './functions.ts';
import { grammarExamples } from './grammar.ts';
import { typeExamples } from './types.ts';

/** By code. The page of the rules shows them, too. */
export const ruleExamples: Readonly<Record<string, RuleExample>> = {
  ...attributeExamples,
  ...extentExamples,
  ...functionExamples,
  ...typeExamples,
  ...grammarExamples,
  ...filesExamples,
};

/** Rules whose examples would fill pages: tests of their own break them. */
export const boundRules: readonly string[] = [
  'edl-conditional-depth',
  'edl-file-too-large',
  'edl-files-too-large',
  'edl-import-depth',
  'edl-imports-too-large',
  'edl-too-many-files',
  'edl-too-many-tokens',
];

/** Rules that compare the dialects: only `both` can break them. */
export const comparingRules: readonly string[] = [
  'edl-continued-comment',
  'edl-directive-hidden',
  'edl-deep-copy-depth',
  'edl-function-order',
  'edl-integer-zero',
  'edl-mixed-dialects',
];
