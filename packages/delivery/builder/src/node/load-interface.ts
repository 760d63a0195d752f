import { createRequire } from 'node:module';
import { Script } from 'node:vm';

import type { Interface } from '@enclos/edl';

import { BuildError } from '../diagnostic.ts';
import { bundleScript } from './bundle-script.ts';
import { checkNamedSource } from '../project/project-files.ts';
import type { Project } from '../project/project.ts';

/** By shape: the interface was made by the project's own copy of @enclos/edl. */
function isInterface(value: unknown): value is Interface {
  return (
    typeof value === 'object' &&
    value !== null &&
    'describe' in value &&
    typeof value.describe === 'function' &&
    'trusted' in value &&
    'untrusted' in value
  );
}

/** The part of a project that says where its interface is. */
export type InterfaceSource = Pick<Project, 'folder' | 'name' | 'interface' | 'absent'>;

/**
 * Loads the interface module of a project and returns the one interface that it
 * exports: bundled exactly as the image is, and run as a script of the same
 * kind. This runs the module, on the building machine: it is the project's own
 * code.
 *
 * @throws BUILD_FILE_UNREADABLE, BuildError BUILD_FAILED, BUILD_FORBIDDEN_IMPORT
 * or BUILD_INTERFACE_INVALID.
 */
export async function loadInterface(project: InterfaceSource): Promise<Interface> {
  const { interface: path } = project;
  const byName = `src/${project.name}.edl.ts`;
  await checkNamedSource(project.folder, { path, member: 'interface', byName });
  const entry = `import * as definitions from ${JSON.stringify(`./${path}`)};\nexport const start = () => definitions;`;
  const { script } = await bundleScript({ project: { ...project, debug: false }, entry });
  const found = new Set(Object.values(run(script.text, path)).filter(isInterface));
  const [only] = found;
  if (only === undefined || found.size > 1) {
    const count = found.size === 0 ? 'no interface' : `${found.size} interfaces`;
    throw new BuildError('BUILD_INTERFACE_INVALID', `${path} exports ${count}; one is expected.`, []);
  }
  return only;
}

type EnclaveScript = (capabilities: {
  readonly require: (specifier: string) => unknown;
}) => Readonly<Record<string, unknown>>;

function run(script: string, path: string): Readonly<Record<string, unknown>> {
  const require = createRequire(import.meta.url);
  try {
    // By the banner of every script, with `start` of the entry above.
    const start = new Script(script, { filename: path }).runInThisContext() as EnclaveScript;
    return { ...start({ require: (specifier): unknown => require(specifier) }) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError('BUILD_INTERFACE_INVALID', `${path} cannot be loaded: ${reason}`, [], { cause });
  }
}
