import { dirname, resolve } from 'node:path';

import { diagnosticAt, type Diagnostic } from '@enclos/diagnostics';

import { isOwnFile } from './own-file.ts';
import type { PackageFinder, PackageIdentity } from './package-finder.ts';
import { absenceOf, isOrdinaryName, noEvaluation, type Absence } from './script/absences.ts';
import { originsOf, type Origin } from './script/origins.ts';
import { usesIn, type Use } from './script/uses.ts';

const code = 'BUILD_FORBIDDEN_IMPORT';

/** A module that the script loads by `require`, where nothing catches that it is not there. */
export interface UncaughtRequire {
  /** Undefined when the script computes the name, or hands `require` itself on. */
  readonly specifier: string | undefined;
  /** Relative to the project folder; undefined for code that the bundler added. */
  readonly file: string | undefined;
}

/** What a script does that an enclave cannot. */
export interface Examination {
  /** In files of the project. */
  readonly problems: readonly Diagnostic[];
  /** One for each package. */
  readonly warnings: readonly Diagnostic[];
  readonly requires: readonly UncaughtRequire[];
}

interface Finding {
  readonly absence: Absence;
  readonly origin: Origin;
  /** In a file of the project. */
  readonly isOwn: boolean;
}

type OriginOf = (offset: number) => Origin | undefined;

type QuestionSearch = (use: Use) => boolean;

/**
 * Whether code of the same file asks first: the top level of all files is one function. The files of the questions are worked out
 * once for each list, because many uses can share one.
 */
function askedIn(originOf: OriginOf): QuestionSearch {
  const known = new WeakMap<readonly number[], ReadonlySet<string | undefined>>();
  const filesOf = (offsets: readonly number[]): ReadonlySet<string | undefined> => {
    const files = known.get(offsets) ?? new Set(offsets.map((offset) => originOf(offset)?.file));
    known.set(offsets, files);
    return files;
  };
  return ({ start, questions }) => {
    for (const offsets of questions) if (filesOf(offsets).has(originOf(start)?.file)) return true;
    return false;
  };
}

/** Packages look for the global object like this, where they have found no better way. */
function looksForGlobal({ key, argument }: Use): boolean {
  return key === 'Function' && argument === 'return this';
}

function findingsIn(
  uses: readonly Use[],
  isOwn: (file: string) => boolean,
  { originOf, isAsked }: { readonly originOf: OriginOf; readonly isAsked: QuestionSearch },
): readonly Finding[] {
  const added = new Set(uses.filter(({ kind, isMember }) => kind === 'assign' && isMember).map(({ key }) => key));
  return uses.flatMap((use) => {
    const absence = absenceOf(use);
    if (absence === undefined || added.has(use.key)) return [];
    const origin = originOf(use.start);
    if (origin === undefined || isAsked(use)) return [];
    // In packages, code that is prepared for the worst. An empty environment is what most of them expect.
    const isPrepared = use.isTried || use.isChosen || looksForGlobal(use) || use.key === 'process.env';
    const finding = { absence, origin, isOwn: isOwn(origin.file) };
    return finding.isOwn || !isPrepared ? [finding] : [];
  });
}

/** The name as the source spells it, when it is there. */
function diagnosticOf({ absence, origin }: Finding): Diagnostic {
  const { text, suggestion } = absence;
  const [spelt = ''] = /^[\p{ID_Continue}$.?]*/u.exec(origin.text.slice(origin.offset, origin.offset + 200)) ?? [];
  const end = origin.offset + Math.max(1, spelt.length);
  return diagnosticAt(origin, { start: origin.offset, end }, { code, text, suggestion });
}

function listOf(names: readonly string[]): string {
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

async function warningsOf(
  findings: readonly Finding[],
  folder: string,
  packageOf: PackageFinder,
): Promise<readonly Diagnostic[]> {
  const byPackage = new Map<string, { identity: PackageIdentity | undefined; found: Finding[] }>();
  for (const finding of findings) {
    const identity = await packageOf(dirname(resolve(folder, finding.origin.file)));
    const key = identity === undefined ? finding.origin.file : `${identity.name}@${identity.version}`;
    const known = byPackage.get(key);
    if (known === undefined) byPackage.set(key, { identity, found: [finding] });
    else known.found.push(finding);
  }
  return [...byPackage.entries()].map(([key, { identity, found }]) => {
    const names = [...new Set(found.map(({ absence }) => absence.name))];
    const who = identity === undefined ? key : `${identity.name} ${identity.version}`;
    const text = `${who} uses ${listOf(names)}, which an enclave does not have: code that needs it throws`;
    const [first] = found;
    const place = first === undefined ? {} : diagnosticOf(first);
    return Object.freeze({
      ...place,
      severity: 'warning',
      code,
      text,
      notes: [],
      ...adviceFor(identity, first),
    } as const);
  });
}

/** Packages that turn text into code, with what works in its place. */
const advice: Readonly<Record<string, string>> = {
  ajv: 'standalone validation code (ajv/dist/standalone), generated before the build; or a library that does not generate code, such as zod or valibot',
  handlebars: 'templates that are precompiled before the build, with handlebars/runtime',
  protobufjs:
    'static code that pbjs generates before the build; messages that are loaded at run time cannot be compiled',
};

function adviceFor(
  identity: PackageIdentity | undefined,
  first: Finding | undefined,
): { readonly suggestion?: string } {
  const name = identity?.name ?? '';
  if (Object.hasOwn(advice, name)) return { suggestion: advice[name] ?? '' };
  const suggestion = first?.absence.suggestion;
  // The reader cannot change its code, and seldom needs the part of it that uses such a global.
  if (identity !== undefined && suggestion !== noEvaluation) {
    return {
      suggestion: `only the parts of ${name} that work without it; a test (enclos test) runs your code inside and shows which`,
    };
  }
  return suggestion === undefined ? {} : { suggestion };
}

/**
 * Looks for what a script uses and an enclave does not have, by the scopes of its names.
 * @param sourceMap of the script, with the contents of the sources.
 * @param project its folder, and the files that were bundled, relative to that. Packages can have maps of their own files, which
 * the bundler follows: those are not the project's, whatever their names. The finder names the packages.
 * @returns undefined when the script cannot be parsed: it nests too deeply.
 */
export async function examine(
  script: string,
  sourceMap: string,
  project: { readonly folder: string; readonly files: ReadonlySet<string>; readonly packageOf: PackageFinder },
): Promise<Examination | undefined> {
  let uses: readonly Use[];
  try {
    uses = usesIn(script, isOrdinaryName);
  } catch (error) {
    // The interpreter's own parser, which decides, has a larger stack.
    if (error instanceof RangeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
  const { folder, files, packageOf } = project;
  const originOf = originsOf(script, sourceMap);
  const isAsked = askedIn(originOf);
  const isOwn = (file: string): boolean => files.has(file) && isOwnFile(folder, resolve(folder, file));
  const isRequire = ({ key, isMember }: Use): boolean => key === 'require' && !isMember;
  const findings = findingsIn(
    uses.filter((use) => !isRequire(use)),
    isOwn,
    { originOf, isAsked },
  );
  const requires = uses
    .filter((use) => isRequire(use) && !use.isTried && (use.argument !== undefined || !isAsked(use)))
    .map(({ argument, start }) => ({ specifier: argument, file: originOf(start)?.file }));
  const others = findings.filter((finding) => !finding.isOwn);
  return {
    problems: findings.filter((finding) => finding.isOwn).map(diagnosticOf),
    warnings: await warningsOf(others, folder, packageOf),
    requires: requires.map(({ specifier, file }) => ({ specifier, file: files.has(file ?? '') ? file : undefined })),
  };
}
