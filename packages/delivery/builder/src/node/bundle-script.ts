import { dirname, resolve } from 'node:path';

import type { Diagnostic } from '@enclos/diagnostics';
import type { Metafile, Message } from 'esbuild';

import { BuildError, buildFailure } from '../diagnostic.ts';
import { PROJECT_FILE, type Project } from '../project/project.ts';
import { absentNamespace, absentPlugin } from './absent-plugin.ts';
import { browserPlugin } from './browser-plugin.ts';
import { fromBundler, isAboutLoading } from './bundler-messages.ts';
import { bundlerFailure, runBundler } from './bundler.ts';
import { entryName, externalsOf, isAllowedSpecifier, outputOf, scriptOptions } from './enclave-script.ts';
import { examine, type UncaughtRequire } from './examine.ts';
import { importPlugin, type ImportPluginOptions } from './import-plugin.ts';
import { isOwnFile } from './own-file.ts';
import { createPackageFinder, type InstalledPackage } from './package-finder.ts';

/** What becomes a script. */
export interface ScriptSource {
  /** The project's: a debug enclave keeps the names of the sources. */
  readonly project: Pick<Project, 'folder' | 'debug' | 'absent'>;
  /** A module with an export `start`. */
  readonly entry: string;
}

export interface BundledScript {
  readonly script: { readonly text: string; readonly contents: Uint8Array };
  readonly sourceMap: Uint8Array;
  readonly metafile: Metafile;
  /** The modules that the script asks `capabilities.require` for, and gets. */
  readonly builtins: readonly string[];
  /** Packages that are in the script as they are for browsers, by name. */
  readonly browserPackages: readonly string[];
  readonly warnings: readonly Diagnostic[];
}

/** Each round gives at least one more package its files for browsers; their dependencies may then differ. */
const maxRounds = 8;

async function runOnce(
  source: ScriptSource,
  packages: readonly InstalledPackage[],
  refuseIn: ImportPluginOptions['refuseIn'],
) {
  const { project, entry } = source;
  const { folder } = project;
  const plugins = [absentPlugin(project.absent), browserPlugin(folder, packages), importPlugin({ folder, refuseIn })];
  const result = await runBundler(scriptOptions({ folder, entry, plugins, readable: project.debug }));
  const script = result.outputFiles.find((file) => file.path.endsWith('.js'));
  const sourceMap = result.outputFiles.find((file) => file.path.endsWith('.map'));
  if (script === undefined || sourceMap === undefined) throw new Error('The bundler made no script.');
  const { metafile, warnings } = result;
  return { script, sourceMap, metafile, included: includedIn(metafile), messages: warnings };
}

type Round = Awaited<ReturnType<typeof runOnce>>;

/** Files whose code is in the script. */
function includedIn(metafile: Metafile): ReadonlySet<string> {
  const { inputs } = outputOf(metafile);
  return new Set(Object.keys(inputs).filter((path) => (inputs[path]?.bytesInOutput ?? 0) > 0));
}

interface Leftovers {
  /** Modules that are absent inside, and whose absence nothing catches. */
  readonly specifiers: ReadonlySet<string>;
  /** The files that ask for them. */
  readonly files: ReadonlySet<string>;
  /** What the bundler says about loading that it cannot see through, and that would fail. */
  readonly messages: readonly Message[];
}

function leftoversOf(round: Round, folder: string, requires: readonly UncaughtRequire[] | undefined): Leftovers {
  const { metafile, included, messages } = round;
  const absent = externalsOf(metafile).filter((specifier) => !isAllowedSpecifier(specifier));
  const uncaught = new Set(requires?.map(({ specifier }) => specifier));
  const specifiers = new Set(absent.filter((specifier) => requires === undefined || uncaught.has(specifier)));
  const named = requires?.filter(({ specifier }) => specifier !== undefined && specifiers.has(specifier));
  const asking = named === undefined ? undefined : new Set(named.map(({ file }) => file));
  const asks = (path: string): boolean => {
    const isKnown = asking === undefined || asking.has(undefined) || asking.has(path);
    return isKnown && (metafile.inputs[path]?.imports.some((made) => specifiers.has(made.path)) ?? false);
  };
  const computed = new Set(requires?.filter(({ specifier }) => specifier === undefined).map(({ file }) => file));
  const fatal = messages.filter((message) => {
    const file = message.location?.file ?? '';
    if (!isAboutLoading(message)) return false;
    return (
      isOwnFile(folder, resolve(folder, file)) || (included.has(file) && (requires === undefined || computed.has(file)))
    );
  });
  const places = fatal.map(({ location }) => location?.file ?? '');
  return { specifiers, files: new Set([...[...included].filter(asks), ...places]), messages: fatal };
}

/** The bundler warns about files that it reads. Those of packages count only when their code is in the script. */
function isWorthSaying(message: Message, folder: string, included: ReadonlySet<string>): boolean {
  const file = message.location?.file;
  if (isAboutLoading(message)) return false;
  return file === undefined || isOwnFile(folder, resolve(folder, file)) || included.has(file);
}

/** The shortest way from the entry to each module, as paths. */
function chainsOf(metafile: Metafile): ReadonlyMap<string, readonly string[]> {
  const chains = new Map<string, readonly string[]>([[entryName, []]]);
  for (const [path, chain] of chains) {
    for (const { path: imported, external } of metafile.inputs[path]?.imports ?? []) {
      if (external !== true && !chains.has(imported)) chains.set(imported, [...chain, imported]);
    }
  }
  return chains;
}

/** Bundles again, now refusing at the place of the import, for the errors' sake. */
async function refuse(
  source: ScriptSource,
  packages: readonly InstalledPackage[],
  metafile: Metafile,
  left: Leftovers,
): Promise<never> {
  if (left.messages.length > 0) throw bundlerFailure(left.messages);
  const chains = chainsOf(metafile);
  const { folder } = source.project;
  const ways = new Map([...left.files].map((path) => [resolve(folder, path), chains.get(path) ?? [path]] as const));
  await runOnce(source, packages, (importer, specifier) => {
    const way = left.specifiers.has(specifier) ? ways.get(importer) : undefined;
    return way === undefined ? undefined : () => way;
  });
  throw new BuildError('BUILD_FORBIDDEN_IMPORT', `The bundle imports ${[...left.specifiers].join(', ')}.`, []);
}

function unusedAbsent(absent: readonly string[], { inputs }: Metafile): readonly Diagnostic[] {
  return absent
    .filter((name) => inputs[`${absentNamespace}:${name}`] === undefined)
    .map((name) => {
      const text = `nothing imports "${name}", which \`absent\` lists`;
      const suggestion = 'the list without it';
      return Object.freeze({
        severity: 'warning',
        code: 'BUILD_MANIFEST_INVALID',
        text,
        file: PROJECT_FILE,
        notes: [],
        suggestion,
      } as const);
    });
}

function deepWarning(): Diagnostic {
  const text = 'the script nests too deeply to look for names that an enclave does not have';
  return Object.freeze({ severity: 'warning', code: 'BUILD_FAILED', text, notes: [] });
}

/**
 * Bundles modules into one script, and refuses what would fail inside. A package that asks for a module of Node which enclaves
 * do not have is bundled again as it is for browsers, if it says how that differs.
 *
 * @throws BuildError BUILD_FORBIDDEN_IMPORT or BUILD_FAILED with a diagnostic for every problem.
 */
export async function bundleScript(source: ScriptSource): Promise<BundledScript> {
  const { folder } = source.project;
  const packageOf = createPackageFinder();
  const packages = new Map<string, InstalledPackage>();
  for (let rounds = 1; ; rounds++) {
    const round = await runOnce(source, [...packages.values()], () => undefined);
    const { script, sourceMap, metafile, included, messages } = round;
    const examination = await examine(script.text, sourceMap.text, {
      folder,
      files: new Set(Object.keys(metafile.inputs)),
      packageOf,
    });
    const left = leftoversOf(round, folder, examination?.requires);
    const before = packages.size;
    for (const file of rounds < maxRounds ? left.files : []) {
      const asking = await packageOf(dirname(resolve(folder, file)));
      if (asking?.hasBrowserFiles !== true || isOwnFile(folder, resolve(folder, file))) continue;
      packages.set(asking.folder, asking);
    }
    if (packages.size > before) continue;
    if (left.files.size > 0 || left.specifiers.size > 0) await refuse(source, [...packages.values()], metafile, left);
    const problems = examination?.problems ?? [];
    if (problems.length > 0) throw buildFailure('BUILD_FORBIDDEN_IMPORT', problems);
    const warnings = messages.filter((message) => isWorthSaying(message, folder, included)).map(fromBundler);
    return {
      script,
      sourceMap: sourceMap.contents,
      metafile,
      builtins: externalsOf(metafile).filter(isAllowedSpecifier),
      browserPackages: [...new Set([...packages.values()].map(({ name }) => name))].sort(),
      warnings: [
        ...warnings,
        ...(examination?.warnings ?? [deepWarning()]),
        ...unusedAbsent(source.project.absent, metafile),
      ],
    };
  }
}
