import type { OnResolveArgs, OnResolveResult, PartialMessage, Plugin } from 'esbuild';

import type { PluginDetail } from './bundler-messages.ts';
import { judgeBuiltin } from './builtins.ts';
import { isOwnFile, leavesPackage } from './own-file.ts';

/** `a → b → c`: how the application reaches the file at `importer`. */
export type ChainTo = (importer: string) => readonly string[];

export interface ImportPluginOptions {
  /** The project folder. */
  readonly folder: string;
  /**
   * Whether a forbidden import of a dependency is refused where it stands. At
   * first none is: much of a package is often not used, and what tree shaking
   * drops does no harm. What is left in the bundle is then refused in a second
   * run, which knows the way to it.
   */
  readonly refuseIn: (importer: string, specifier: string) => ChainTo | undefined;
}

const code = 'BUILD_FORBIDDEN_IMPORT';

function refusal(text: string, suggestion: string, chain: readonly string[]): PartialMessage {
  const detail: PluginDetail = { code, suggestion };
  const notes = chain.length > 1 ? [{ text: `imported through ${chain.join(' → ')}` }] : [];
  return { text, detail, notes };
}

function resolveImport(args: OnResolveArgs, options: ImportPluginOptions): OnResolveResult | undefined {
  const verdict = judgeBuiltin(args.path);
  if (verdict.kind === 'package') return undefined;
  if (verdict.kind === 'allowed') return { path: verdict.specifier, external: true, sideEffects: false };
  const specifier = `node:${verdict.name}`;
  const chainTo = options.refuseIn(args.importer, specifier);
  if (chainTo === undefined && !isOwnFile(options.folder, args.importer)) {
    return { path: specifier, external: true, sideEffects: false };
  }
  const chain = chainTo === undefined ? [] : [...chainTo(args.importer), verdict.name];
  const text = `"${args.path}" cannot be imported in an enclave`;
  return { errors: [refusal(text, verdict.suggestion, chain)] };
}

/** A package is refused like one that imports a forbidden module: when the import is left in the bundle. */
function resolvePlace({ importer, path }: OnResolveArgs, options: ImportPluginOptions): OnResolveResult | undefined {
  if (!leavesPackage(importer, path)) return undefined;
  const chainTo = options.refuseIn(importer, path);
  if (chainTo === undefined) return { path, external: true, sideEffects: false };
  const text = `"${path}" leads out of the package that imports it`;
  return { errors: [refusal(text, 'another package, or a copy of the file in the project', chainTo(importer))] };
}

/**
 * Resolves Node's own modules: the allowed ones to their `node:` name, the
 * others to an error that says what to use. Native addons and addresses are
 * refused everywhere, and files outside of a package that imports them by their place.
 */
export function importPlugin(options: ImportPluginOptions): Plugin {
  return {
    name: 'enclos-imports',
    setup(build) {
      build.onResolve({ filter: /^(?:node:.*|[a-z_][a-z0-9_]*(?:\/[a-z0-9_]+)?)$/ }, (args) =>
        resolveImport(args, options),
      );
      build.onResolve({ filter: /^[./]/ }, (args) => resolvePlace(args, options));
      build.onResolve({ filter: /\.node$/ }, (args) => ({
        errors: [refusal(`"${args.path}" is a native addon`, 'code compiled to WebAssembly', [])],
      }));
      build.onResolve({ filter: /^(?:https?|bun|file):/ }, (args) => ({
        errors: [refusal(`"${args.path}" is not a package or a file of the project`, 'a package installed by npm', [])],
      }));
    },
  };
}
