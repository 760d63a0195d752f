import { Script } from 'node:vm';

import type { Diagnostic } from '@enclos/diagnostics';

import { BuildError } from '../diagnostic.ts';
import { checkNamedSource, readProjectFile } from '../project/project-files.ts';
import type { Project, ProjectCompanion } from '../project/project.ts';
import { isAbsentModule } from './absent-plugin.ts';
import { bundleScript } from './bundle-script.ts';
import { entryName, inputsOf, outputOf } from './enclave-script.ts';

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
  /** Packages that are in the script as they are for browsers. */
  readonly browserPackages: readonly string[];
  readonly modules: readonly BundledModule[];
  /** Every source file that was read, also one that left no code in the bundle. Absolute. */
  readonly inputs: readonly string[];
  readonly warnings: readonly Diagnostic[];
}

export interface BundleOptions {
  /** What provides `boot`. A test can put its own in place. */
  readonly bootModule?: string;
  /** The same for what gives an enclave its companions, and for what starts one. */
  readonly companionsModule?: string;
  readonly companionModule?: string;
}

function entryFor(project: Project, { bootModule = '@enclos/enclave/boot', companionsModule }: BundleOptions): string {
  if (project.companions.length > 0) {
    return [
      `import * as main from ${JSON.stringify(`./${project.main}`)};`,
      `import { boot } from ${JSON.stringify(bootModule)};`,
      `import { withCompanions } from ${JSON.stringify(companionsModule ?? '@enclos/enclave/companions/boot')};`,
      'export const start = (capabilities) => boot(main, withCompanions(capabilities));',
    ].join('\n');
  }
  return [
    `import * as main from ${JSON.stringify(`./${project.main}`)};`,
    `import { boot } from ${JSON.stringify(bootModule)};`,
    'export const start = (capabilities) => boot(main, capabilities);',
  ].join('\n');
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
  const { folder } = project;
  await checkNamedSource(folder, { path: project.main, member: 'main', byName: `src/${project.name}.enclave.ts` });
  return bundled(project, entryFor(project, options));
}

/**
 * The same for the script of a companion, which gets other capabilities and the same modules of Node.
 * @throws as {@link bundleEnclave}
 */
export async function bundleCompanion(
  project: Project,
  { name, source }: Pick<ProjectCompanion, 'name' | 'source'>,
  { companionModule = '@enclos/enclave/companion/boot' }: BundleOptions = {},
): Promise<Bundle> {
  await readProjectFile(project.folder, source);
  const entry = [
    `import * as main from ${JSON.stringify(`./${source}`)};`,
    `import { bootCompanion } from ${JSON.stringify(companionModule)};`,
    `export const start = (capabilities) => bootCompanion(main, capabilities, ${JSON.stringify(name)});`,
  ];
  return bundled(project, entry.join('\n'));
}

async function bundled(project: Project, entry: string): Promise<Bundle> {
  const { folder } = project;
  const { script, sourceMap, metafile, ...rest } = await bundleScript({ project, entry });
  checkCompiles(script.text, project);
  const modules = Object.entries(outputOf(metafile).inputs)
    .filter(([path, { bytesInOutput }]) => path !== entryName && !isAbsentModule(path) && bytesInOutput > 0)
    .map(([path, { bytesInOutput }]) => Object.freeze({ path, bytesInBundle: bytesInOutput }));
  return Object.freeze({ ...rest, script: script.contents, sourceMap, modules, inputs: inputsOf(metafile, folder) });
}
