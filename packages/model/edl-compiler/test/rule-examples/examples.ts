import { attributeExamples } from './attributes.ts';
import { extentExamples } from './extents.ts';
import { functionExamples } from './functions.ts';
import { typeExamples } from './types.ts';
import type { RuleExample } from './example.ts';

/** By code. The page of the rules shows them, too. */
export const ruleExamples: Readonly<Record<string, RuleExample>> = {
  ...attributeExamples,
  ...extentExamples,
  ...functionExamples,
  ...typeExamples,
};
