import type { Findings } from '../findings/findings.ts';
import type { functionRules } from '../rules/functions.ts';
import { typeRules as rules } from '../rules/types.ts';
import { warningRules } from '../rules/warnings.ts';
import type { Name } from '../syntax/tree.ts';
import { checkExtents } from './extent.ts';
import { checkMember } from './member.ts';
import type { CompositeEntry, TypeTable } from '../resolution/type-table.ts';

/** Every structure and union of the files, each by itself. */
export function checkComposites(types: TypeTable, findings: Findings): void {
  for (const { item, name, members } of types.composites()) {
    for (const member of members) {
      checkMember(member, item, findings);
      const held = member.isPointer ? undefined : types.compositeOf(member.type.base);
      if (held?.isDeep !== true) continue;
      findings.report(warningRules.deepMember, member.name.at, [member.name.text, held.name]);
    }
    checkTwice(
      members.map(({ name: each }) => each),
      rules.twiceMember,
      findings,
    );
    checkExtents(members, { kind: item.kind, name }, { types, findings });
  }
}

/** Names of members or parameters, which C wants each once. */
export function checkTwice(
  names: readonly Name[],
  rule: typeof rules.twiceMember | typeof functionRules.twiceParameter,
  findings: Findings,
): void {
  const seen = new Set<string>();
  for (const { text, at } of names) {
    if (seen.has(text)) findings.report(rule, at, [text]);
    seen.add(text);
  }
}

/** Structures and unions, each after those that it holds by value; one that holds itself is reported. */
export function orderByValue(types: TypeTable, findings: Findings): readonly CompositeEntry[] {
  const ordered: CompositeEntry[] = [];
  const states = new Map<CompositeEntry, 'open' | 'done'>();
  for (const root of types.composites()) {
    // Without recursion: a hostile file nests structures as deep as it has lines.
    const path: { readonly entry: CompositeEntry; next: number }[] = [];
    const enter = (entry: CompositeEntry) => {
      states.set(entry, 'open');
      path.push({ entry, next: 0 });
    };
    if (!states.has(root)) enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const member = top.entry.members[top.next++];
      if (member === undefined) {
        states.set(top.entry, 'done');
        ordered.push(top.entry);
        path.pop();
        continue;
      }
      const held = member.isPointer ? undefined : types.compositeOf(member.type.base);
      if (held === undefined) continue;
      if (!states.has(held)) enter(held);
      else if (states.get(held) === 'open') {
        const circle = path.slice(path.findIndex(({ entry }) => entry === held)).map(({ entry }) => entry.name);
        findings.report(rules.recursive, member.name.at, [held.name, shortCircle([...circle, held.name])]);
      }
    }
  }
  return ordered;
}

function shortCircle(names: readonly string[]): string {
  return (names.length <= 8 ? names : [...names.slice(0, 4), '…', ...names.slice(-3)]).join(' holds ');
}
