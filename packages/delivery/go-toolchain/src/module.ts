import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EnclosError } from '@enclos/errors';
import { shippedFiles } from './carried.ts';

/** A module that Enclos carries, by its import path. The first is in a domain that cannot be registered (RFC 6761, section 6.4); the second is EGo's. */
const carriedModules = [
  { path: 'enclos.invalid/sdk', part: 'go' },
  { path: 'github.com/edgelesssys/ego', part: 'ego' },
] as const;

/** The folder, in the module of the user, where the overlay shows the carried modules. It is never made. */
const shownFolder = '.enclos-go';

/** What lets a module import the carried ones, without a change to it. */
export interface ModuleFiles {
  /** Folder of go.mod. */
  readonly root: string;
  /** go.mod with a replacement for each carried module. */
  readonly goMod: string;
  /** As it is; undefined when there is none. */
  readonly goSum: string | undefined;
  /** Whether its dependencies are in its own `vendor` folder, and Enclos's are not among them. */
  readonly isVendored: boolean;
  /** Files of carried modules, by the path that they seem to have. */
  readonly shown: ReadonlyMap<string, string>;
}

/**
 * Reads the module of a folder. The replacements lead to a path inside of it, because Go writes the path into the program: one that
 * depended on where Enclos is installed would make another image of it.
 * @param carried the folder of the Go files of Enclos
 * @param options `isTest`: nothing is made that could depend on a path, and `go vet`, which `go test` runs, does not know files of an overlay. So
 * the replacements lead to where the files are
 * @throws GO_BUILD_FAILED when no folder above has a go.mod
 */
export function readModule(folder: string, carried: string, { isTest = false } = {}): ModuleFiles {
  const root = moduleRoot(folder);
  const own = readFileSync(join(root, 'go.mod'), 'utf8');
  const modules = carriedModules.filter(({ part }) => existsSync(join(carried, part, 'go.mod')));
  const place = (part: string): string => (isTest ? JSON.stringify(join(carried, part)) : `./${shownFolder}/${part}`);
  const lines = modules.map(({ path, part }) => `replace ${path} => ${place(part)}`);
  const shown = new Map<string, string>();
  for (const { part } of isTest ? [] : modules) {
    const from = join(carried, part);
    for (const file of shippedFiles(from)) shown.set(join(root, shownFolder, part, file), join(from, file));
  }
  const sum = join(root, 'go.sum');
  const isUsed = modules.some(({ path }) => own.includes(path));
  return {
    root,
    goMod: `${withoutLeftovers(withoutReplacements(own))}\n${lines.join('\n')}\n`,
    goSum: existsSync(sum) ? readFileSync(sum, 'utf8') : undefined,
    isVendored: !isUsed && existsSync(join(root, 'vendor/modules.txt')),
    shown,
  };
}

/**
 * The folder of the go.mod that a folder belongs to.
 * @throws GO_BUILD_FAILED when no folder above has one
 */
export function moduleRoot(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'go.mod'))) return at;
    if (dirname(at) === at) {
      throw new EnclosError(
        'GO_BUILD_FAILED',
        `Neither ${folder} nor a folder above has a go.mod: run \`go mod init NAME\`.`,
      );
    }
  }
}

/** A second replacement of a module is an error of Go, and a project may have its own one, for its editor. */
function withoutReplacements(goMod: string): string {
  const own = carriedModules.map(({ path }) => path.replaceAll('.', '\\.')).join('|');
  const line = new RegExp(`^\\s*(?:replace\\s+)?(?:${own})(?:\\s+v\\S+)?\\s+=>.*$`);
  return goMod
    .split('\n')
    .filter((text) => !line.test(text))
    .join('\n');
}

/**
 * A go.mod lists what EGo itself required at the time, as indirect. The carried EGo requires none of it, and Go would look for each where
 * there is no network. So in a module that requires nothing else directly, the indirect requirements go: Go finds out again what it needs.
 */
function withoutLeftovers(goMod: string): string {
  const requirement = /^\s*(?:require\s+)?([^\s()]+)\s+v\S+\s*(\/\/\s*indirect.*)?$/;
  const carried: readonly string[] = carriedModules.map(({ path }) => path);
  let block = '';
  const lines = goMod.split('\n').map((text) => {
    const opened = /^\s*(\w+)\s*\(/.exec(text)?.[1];
    if (opened !== undefined) block = opened;
    else if (/^\s*\)/.test(text)) block = '';
    const isRequirement = block === 'require' || (block === '' && /^\s*require\s/.test(text));
    const [, path, indirect] = (isRequirement ? requirement.exec(text) : null) ?? [];
    return { text, path, isIndirect: indirect !== undefined };
  });
  const needed = lines.filter(({ path, isIndirect }) => path !== undefined && !isIndirect);
  if (needed.length === 0 || needed.some(({ path = '' }) => !carried.includes(path))) return goMod;
  return lines
    .filter(({ isIndirect }) => !isIndirect)
    .map(({ text }) => text)
    .join('\n');
}
