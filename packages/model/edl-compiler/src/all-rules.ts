import { mixedDialects } from './findings/mixed.ts';
import type { Rule } from './findings/rule.ts';
import { lexicalRules } from './lexis/rules.ts';
import { loadingRules } from './loading/rules.ts';
import { directiveRules } from './preprocessor/rules.ts';
import { attributeRules } from './rules/attributes.ts';
import { extentRules } from './rules/extents.ts';
import { functionRules } from './rules/functions.ts';
import { typeRules } from './rules/types.ts';
import { warningRules } from './rules/warnings.ts';
import { syntaxRules } from './syntax/rules.ts';

/** Every rule of the language, in groups as the reference page has them. */
export const edlRules: readonly { readonly title: string; readonly rules: readonly Rule[] }[] = [
  { title: 'Attributes', rules: Object.values(attributeRules) },
  { title: 'Sizes, arrays and members', rules: Object.values(extentRules) },
  { title: 'Functions', rules: Object.values(functionRules) },
  { title: 'Structures, unions and enumerations', rules: Object.values(typeRules) },
  { title: 'Warnings', rules: Object.values(warningRules) },
  { title: 'Files and imports', rules: Object.values(loadingRules) },
  { title: 'Grammar', rules: Object.values(syntaxRules) },
  { title: 'Directives', rules: Object.values(directiveRules) },
  { title: 'Characters', rules: Object.values(lexicalRules) },
  { title: 'The two dialects', rules: [mixedDialects] },
];
