import { join } from 'node:path';
import { Script } from 'node:vm';

import type { Metafile, Plugin } from 'esbuild';

import { fromBundler } from './bundler-messages.ts';
import { runBundler, type BundlerOptions } from './bundler.ts';
import type { Diagnostic } from '@enclos/diagnostics';
import { BuildError } from '../diagnostic.ts';
import { entryName, externalsOf, inputsOf, isAllowedSpecifier, outputOf, scriptOptions } from './enclave-script.ts';
import { importPlugin, type ChainTo } from './import-plugin.ts';
import { readNamedSource } from '../project/project-files.ts';
import type { Project } from '../project/project.ts';
import { scanPlugin } from './scan-plugin.ts';

/** A module whose code is in the bundle. */
export interface BundledModule {
  /** Relative to the project folder, with forward slashes. */
  readonly path: string;
  readonly bytesInBundle: number;
}

/** The application and the trusted runtime as one script. */
export interface Bundle {
  /**
   * Compiles with `vm.Script` and evaluates to a function
   * `(capabilities) => Promise<void>`. It gets Node's modules from
   * `capabilities.require` and from nowhere else.
   */
  readonly script: Uint8Array;
  /** Source map version 3 of the script. Never part of an image. */
  readonly sourceMap: Uint8Array;
  /** The modules that the script asks `capabilities.require` for. */
  readonly builtins: readonly string[];
  readonly modules: readonly BundledModule[];
  /** Every source file that was read, also one that left no code in the bundle. Absolute. */
  readonly inputs: readonly string[];
  readonly warnings: readonly Diagnostic[];
}

export interface BundleOptions {
  /** What provides `boot`. A test can put its own in place. */
  readonly bootModule?: string;
}

function entryFor(project: Project, bootModule: string): string {
  return [
    `import * as main from ${JSON.stringify(`./${project.main}`)};`,
    `import { boot } from ${JSON.stringify(bootModule)};`,
    'export const start = (capabilities) => boot(main, capabilities);',
  ].join('\n');
}

function bundlerOptions(project: Project, bootModule: string, plugins: Plugin[]): BundlerOptions {
  const entry = entryFor(project, bootModule);
  return scriptOptions({ folder: project.folder, entry, plugins, readable: project.debug });
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
async function refuseLeftovers(project: Project, bootModule: string, metafile: Metafile): Promise<void> {
  const { inputs } = outputOf(metafile);
  const chains = chainsOf(metafile);
  const included = new Map(
    Object.keys(inputs)
      .filter((path) => (inputs[path]?.bytesInOutput ?? 0) > 0)
      .map((path) => [join(project.folder, path), chains.get(path) ?? [path]] as const),
  );
  const leftovers = new Set(externalsOf(metafile));
  const refuseIn = (importer: string, specifier: string): ChainTo | undefined => {
    const chain = leftovers.has(specifier) ? included.get(importer) : undefined;
    return chain === undefined ? undefined : () => chain;
  };
  await runBundler(bundlerOptions(project, bootModule, [importPlugin({ folder: project.folder, refuseIn })]));
}

/** Compiles, without running, what the enclave will compile. */
function checkCompiles(script: string, project: Project): void {
  try {
    void new Script(script, { filename: `${project.name}.js` });
  } catch (cause) {
    throw new BuildError('BUILD_FAILED', 'The bundle is not valid strict-mode code.', [], { cause });
  }
}

/**
 * Bundles the enclave module and the trusted runtime into one script: the same
 * bytes from the same sources in any folder, time zone and for any user.
 *
 * @throws BuildError BUILD_FORBIDDEN_IMPORT or BUILD_FAILED with a diagnostic for
 * every problem; BUILD_FILE_UNREADABLE when the main module is absent.
 */
export async function bundleEnclave(project: Project, options: BundleOptions = {}): Promise<Bundle> {
  const { bootModule = '@enclos/enclave/boot' } = options;
  const { folder } = project;
  await readNamedSource(folder, { path: project.main, member: 'main', byName: `src/${project.name}.enclave.ts` });
  const plugins = [importPlugin({ folder, refuseIn: () => undefined }), scanPlugin(folder)];
  const result = await runBundler(bundlerOptions(project, bootModule, plugins));
  const builtins = externalsOf(result.metafile);
  if (!builtins.every(isAllowedSpecifier)) {
    await refuseLeftovers(project, bootModule, result.metafile);
    throw new BuildError('BUILD_FORBIDDEN_IMPORT', `The bundle imports ${builtins.join(', ')}.`, []);
  }
  const script = result.outputFiles.find((file) => file.path.endsWith('.js'));
  const sourceMap = result.outputFiles.find((file) => file.path.endsWith('.map'));
  if (script === undefined || sourceMap === undefined) throw new Error('The bundler made no script.');
  checkCompiles(script.text, project);
  const modules = Object.entries(outputOf(result.metafile).inputs)
    .filter(([path, { bytesInOutput }]) => path !== entryName && bytesInOutput > 0)
    .map(([path, { bytesInOutput }]) => Object.freeze({ path, bytesInBundle: bytesInOutput }));
  return Object.freeze({
    script: script.contents,
    sourceMap: sourceMap.contents,
    builtins,
    modules,
    inputs: inputsOf(result.metafile, folder),
    warnings: result.warnings.map(fromBundler),
  });
}
