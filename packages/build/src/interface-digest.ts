import { createHash } from 'node:crypto';

import type { Interface } from '@enclos/edl';

import { fatalMessages } from './bundler-messages.ts';
import { runBundler } from './bundler.ts';
import { BuildError } from './diagnostic.ts';
import { importPlugin } from './import-plugin.ts';
import { readProjectFile, type Project } from './project.ts';

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

/**
 * Loads the interface module of a project and returns the one interface that it
 * exports. This runs the module, on the building machine: it is the project's
 * own code.
 *
 * @throws BUILD_FILE_UNREADABLE, BuildError BUILD_FAILED, BUILD_FORBIDDEN_IMPORT
 * or BUILD_INTERFACE_INVALID.
 */
export async function loadInterface(project: Project): Promise<Interface> {
  const { folder, interface: path } = project;
  await readProjectFile(folder, path);
  const result = await runBundler({
    entryPoints: [`./${path}`],
    absWorkingDir: folder,
    bundle: true,
    write: false,
    metafile: true,
    outfile: 'interface.js',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    nodePaths: [],
    tsconfigRaw: {},
    logLevel: 'silent',
    logOverride: fatalMessages,
    plugins: [importPlugin({ folder, refuseIn: () => undefined })],
  });
  const code = Buffer.from(result.outputFiles[0]?.contents ?? []).toString('base64');
  let exported: object;
  try {
    // A module namespace, whatever it exports.
    exported = (await import(`data:text/javascript;base64,${code}`)) as object;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError('BUILD_INTERFACE_INVALID', `${path} cannot be loaded: ${reason}`, [], { cause });
  }
  const found = new Set(Object.values<unknown>({ ...exported }).filter(isInterface));
  const [only] = found;
  if (only === undefined || found.size > 1) {
    const count = found.size === 0 ? 'no interface' : `${found.size} interfaces`;
    throw new BuildError('BUILD_INTERFACE_INVALID', `${path} exports ${count}; one is expected.`, []);
  }
  return only;
}

/** SHA-256 of the canonical description, as the measured manifest holds it. */
export function interfaceDigest(described: Interface): Uint8Array {
  return new Uint8Array(createHash('sha256').update(described.describe(), 'utf8').digest());
}
