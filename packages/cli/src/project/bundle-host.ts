import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { toHex } from '@enclos/codec';
import { BuildError, type Diagnostic } from '@enclos/build/diagnostics';
import { EnclosError } from '@enclos/errors';
import { sha256 } from '@enclos/sgx/node';
import type { BundledModule } from '@enclos/build';
import type { BuildOptions as BundlerOptions, BuildResult, Message } from 'esbuild';

export interface HostBundle {
  readonly path: string;
  /** SHA-256 of the bundle, in hex. */
  readonly sha256: string;
  /** The project's files in it. Absolute. */
  readonly inputs: readonly string[];
  readonly warnings: readonly Diagnostic[];
}

/**
 * Bundles the host program, so that TypeScript runs without another tool.
 * Packages stay outside: Node finds them from where the bundle lies.
 * @throws CLI_HOST_MISSING, BuildError BUILD_FAILED
 */
export async function bundleHost(folder: string, source: string, target: string): Promise<HostBundle> {
  const { warnings, metafile } = await bundle(folder, source, {
    outfile: target,
    packages: 'external',
    target: 'node20',
    sourcemap: 'linked',
  });
  return {
    path: target,
    sha256: toHex(sha256(new Uint8Array(await readFile(target)))),
    inputs: Object.keys(metafile.inputs).map((path) => resolve(folder, path)),
    warnings: warnings.map(toDiagnostic),
  };
}

/** A host program that needs no packages beside it. */
export interface WholeHostBundle {
  readonly script: Uint8Array;
  /** What of the project and its packages is in it. */
  readonly modules: readonly BundledModule[];
  readonly warnings: readonly Diagnostic[];
}

/** What packages in the older module format call to get modules of Node. */
const requireBanner =
  "import { createRequire as enclosCreateRequire } from 'node:module'; const require = enclosCreateRequire(import.meta.url);";

/**
 * Bundles the host program and its packages for an image. The same sources give the same bytes in any folder: nothing in it names one.
 * @throws CLI_HOST_MISSING, BuildError BUILD_FAILED
 */
export async function bundleWholeHost(folder: string, source: string): Promise<WholeHostBundle> {
  const { warnings, metafile, outputFiles } = await bundle(folder, source, {
    outfile: 'host.mjs',
    write: false,
    // The interpreter that is in images.
    target: 'node24',
    banner: { js: requireBanner },
    // Readable code has the paths of modules in it, and those of packages depend on where they are installed.
    minify: true,
    keepNames: true,
    legalComments: 'none',
  });
  const [script] = outputFiles ?? [];
  if (script === undefined) throw new Error('The bundler made no script.');
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  const modules = inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path, { bytesInOutput }]) => ({ path, bytesInBundle: bytesInOutput }));
  return { script: script.contents, modules, warnings: warnings.map(toDiagnostic) };
}

async function bundle(
  folder: string,
  source: string,
  options: BundlerOptions,
): Promise<BuildResult<{ readonly metafile: true }>> {
  const found = await stat(join(folder, source)).catch(() => undefined);
  if (found?.isFile() !== true) {
    const what = found === undefined ? `There is no ${source} in ${folder}.` : `${source} in ${folder} is not a file.`;
    throw new EnclosError('CLI_HOST_MISSING', what, { details: { path: join(folder, source) } });
  }
  return runBundler(folder, 'The host program', { ...options, entryPoints: [source] });
}

/**
 * Bundles programs of a project for Node.
 * @param what begins the message of a failure: `The host program`
 * @throws BuildError BUILD_FAILED
 */
export async function runBundler(
  folder: string,
  what: string,
  options: BundlerOptions,
): Promise<BuildResult<{ readonly metafile: true }>> {
  const esbuild = await import('esbuild');
  try {
    return await esbuild.build({
      ...options,
      absWorkingDir: folder,
      bundle: true,
      platform: 'node',
      format: 'esm',
      metafile: true,
      logLevel: 'silent',
    });
  } catch (cause) {
    if (!isBuildFailure(cause)) throw cause;
    const problems = cause.errors.map(toDiagnostic);
    throw new BuildError('BUILD_FAILED', `${what} could not be bundled.`, problems, { cause });
  }
}

function isBuildFailure(error: unknown): error is { readonly errors: readonly Message[] } {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

export function toDiagnostic({ text, location, notes }: Message): Diagnostic {
  return {
    code: 'BUILD_FAILED',
    text,
    notes: notes.map((note) => note.text),
    ...(location === null ? {} : placeOf(location)),
  };
}

/** The bundler counts columns from 0, and in bytes of UTF-8. */
function placeOf({ file, line, column, length, lineText }: NonNullable<Message['location']>): Partial<Diagnostic> {
  const bytes = Buffer.from(lineText);
  return {
    file,
    line,
    lineText,
    column: bytes.subarray(0, column).toString().length + 1,
    length: Math.max(1, bytes.subarray(column, column + length).toString().length),
  };
}
