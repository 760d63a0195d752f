import type { Findings } from '../findings/findings.ts';
import { functionRules as rules } from '../rules/functions.ts';
import type { Declaration, EdlFile, Name } from '../syntax/tree.ts';
import { intelWords } from '../resolution/dialects.ts';

/** Names that are words of the language for Intel's compiler. */
export function checkNames(file: EdlFile, findings: Findings): void {
  const check = ({ text, at }: Name) => {
    if (intelWords.has(text)) findings.report(rules.reservedWord, at, [text]);
  };
  const checkDeclaration = ({ name, type, attributes }: Declaration) => {
    check(name);
    if (type.base.kind !== 'basic') check(type.base.name);
    for (const { value } of attributes?.attributes ?? []) if (value !== undefined && 'text' in value) check(value);
  };
  for (const item of file.items) {
    switch (item.kind) {
      case 'include':
        break;
      case 'import':
        if (item.names !== 'all') item.names.forEach(check);
        break;
      case 'enum':
        if (item.name !== undefined) check(item.name);
        for (const { name } of item.members) check(name);
        break;
      case 'struct':
      case 'union':
        check(item.name);
        item.members.forEach(checkDeclaration);
        break;
      case 'trusted':
      case 'untrusted':
        for (const { name, returns, parameters, allow } of item.functions) {
          check(name);
          if (returns.base.kind !== 'basic') check(returns.base.name);
          parameters.forEach(checkDeclaration);
          allow?.names.forEach(check);
        }
        break;
    }
  }
}
