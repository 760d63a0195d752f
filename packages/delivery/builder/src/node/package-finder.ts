import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** An npm package. */
export interface PackageIdentity {
  readonly name: string;
  readonly version: string;
}

/** A package where it is installed. */
export interface InstalledPackage extends PackageIdentity {
  /** Absolute. */
  readonly folder: string;
  /** Whether its package.json says what is different in a browser. */
  readonly hasBrowserFiles: boolean;
  /** The files and modules that its field `browser` replaces, as they stand there. */
  readonly replaced: readonly string[];
}

function text(value: unknown, key: string): string | undefined {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** A `browser` field; or exports with a condition `browser`, or with a condition `node` beside one for all others. */
function hasBrowserFiles(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false;
  const exports: unknown = Reflect.get(json, 'exports');
  return 'browser' in json || (exports !== undefined && /"(?:browser|node)":/.test(JSON.stringify(exports)));
}

function replacedFiles(json: unknown): readonly string[] {
  const browser: unknown = Reflect.get(Object(json), 'browser');
  return typeof browser === 'object' && browser !== null ? Object.keys(browser) : [];
}

async function readPackage(folder: string): Promise<InstalledPackage | undefined> {
  try {
    const json: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const name = text(json, 'name');
    if (name === undefined) return undefined;
    return {
      name,
      version: text(json, 'version') ?? '',
      folder,
      hasBrowserFiles: hasBrowserFiles(json),
      replaced: replacedFiles(json),
    };
  } catch {
    // No package.json here, or one that only sets "type": look further up.
    return undefined;
  }
}

/** The package that files in a folder belong to. */
export type PackageFinder = (folder: string) => Promise<InstalledPackage | undefined>;

/** Finds the package of a file, remembering each folder. */
export function createPackageFinder(): PackageFinder {
  const known = new Map<string, Promise<InstalledPackage | undefined>>();
  const find = (folder: string): Promise<InstalledPackage | undefined> => {
    const remembered = known.get(folder);
    if (remembered !== undefined) return remembered;
    const parent = dirname(folder);
    const found = readPackage(folder).then((here) => here ?? (parent === folder ? undefined : find(parent)));
    known.set(folder, found);
    return found;
  };
  return find;
}
