import type { Findings } from '../findings/findings.ts';
import type { LoadedEdl } from '../loading/loaded.ts';
import type { EdlModel } from '../model/model.ts';
import { warningRules as warnings } from '../rules/warnings.ts';
import type { DialectChoice } from '../source/dialect.ts';
import type { FunctionDeclaration, SectionItem } from '../syntax/tree.ts';
import { modelOf } from '../building/build.ts';
import { checkCalls, startOf } from './calls.ts';
import type { Variable } from '../resolution/variable.ts';
import { enumModels } from '../resolution/enums.ts';
import { checkFunction, type CheckContext } from './function.ts';
import { type FunctionLists, ImportProblems } from '../resolution/imports.ts';
import { functionsOfIntel } from '../resolution/imports-intel.ts';
import { functionsOfOpenEnclave } from '../resolution/imports-oe.ts';
import { isIdentifier, shortNameOf } from '../resolution/name.ts';
import { checkStructureUse } from './structures.ts';
import { TypeTable } from '../resolution/type-table.ts';
import { checkComposites, orderByValue } from './types.ts';

/**
 * Holds a file and its imports to the rules of the dialects, and resolves every name.
 *
 * @param findings where broken rules are reported; what the parser and the loader found is there already
 * @returns undefined when something is wrong
 */
export function checkEdl(loaded: LoadedEdl, dialect: DialectChoice, findings: Findings): EdlModel | undefined {
  // What the parser left out would be missed elsewhere.
  const isWhole = findings.accepted !== undefined;
  const types = new TypeTable(loaded, findings);
  const context = { types, findings };
  const enums = enumModels(types.enums, findings);
  checkComposites(types, findings);
  const composites = orderByValue(types, findings);
  const problems = new ImportProblems(loaded);
  const oe = dialect === 'intel' ? undefined : functionsOfOpenEnclave(loaded, problems);
  const intel = dialect === 'oe' ? undefined : functionsOfIntel(loaded, problems);
  if (isWhole) problems.report(findings);
  const parameters = checkFiles(loaded, intel, context);
  if (intel !== undefined && isWhole) checkCalls(loaded.root, intel, findings);
  const accepted = findings.accepted;
  const lists = accepted === 'oe' ? oe : (intel ?? oe);
  if (accepted === undefined || lists === undefined) return undefined;
  if (accepted === 'both' && oe !== undefined && intel !== undefined) compare(loaded, { oe, intel, ...context });
  return modelOf({ loaded, dialect: accepted, types, composites, enums, lists, parameters });
}

type Parameters = ReadonlyMap<FunctionDeclaration, readonly Variable[]>;

function checkFiles(loaded: LoadedEdl, intel: FunctionLists | undefined, context: CheckContext): Parameters {
  const { findings } = context;
  const linked = new Set(intel === undefined ? [] : [...intel.trusted, ...intel.untrusted]);
  const parameters = new Map<FunctionDeclaration, readonly Variable[]>();
  const check = (each: FunctionDeclaration, kind: SectionItem['kind']) => {
    const own = checkFunction(each, kind, context);
    for (const parameter of own) {
      checkStructureUse(parameter, { owner: each.name.text, isLinked: linked.has(each) }, context);
    }
    parameters.set(each, own);
  };
  for (const file of loaded.files.values()) {
    const shortName = shortNameOf(file.source.path);
    if (!isIdentifier(shortName)) findings.report(warnings.fileName, startOf(file), [file.source.path, shortName]);
    for (const item of file.items) {
      if (item.kind !== 'trusted' && item.kind !== 'untrusted') continue;
      for (const each of item.functions) check(each, item.kind);
    }
  }
  return parameters;
}

/** What both compilers accept, and do not understand alike. */
function compare(
  loaded: LoadedEdl,
  { oe, intel, types, findings }: CheckContext & { readonly oe: FunctionLists; readonly intel: FunctionLists },
): void {
  for (const kind of ['trusted', 'untrusted'] as const) {
    if (oe[kind].every((each, index) => intel[kind][index] === each)) continue;
    const first = loaded.root.items.find((item) => item.kind === 'import');
    findings.report(warnings.functionOrder, first?.at ?? startOf(loaded.root), [kind]);
  }
  for (const { members, isDeep, name } of types.composites()) {
    for (const member of isDeep ? members : []) {
      const target = types.compositeOf(member.type.base);
      const isFollowed =
        member.type.pointers === 1 && (member.attributes.has('size') || member.attributes.has('count'));
      if (isFollowed && target?.isDeep === true) {
        findings.report(warnings.deepDepth, member.name.at, [`${name}.${member.name.text}`, target.name]);
      }
    }
  }
}
