import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { toHex } from '@enclos/codec';
import { BuildError, type Diagnostic } from '@enclos/build/diagnostics';
import { EnclosError } from '@enclos/errors';
import { sha256 } from '@enclos/sgx/node';
import type { Message } from 'esbuild';
import { exists } from '../files.ts';

export interface HostBundle {
  readonly path: string;
  /** Of the bundle, in hex. */
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
  if (!(await exists(join(folder, source)))) {
    throw new EnclosError('CLI_HOST_MISSING', `There is no ${source} in ${folder}.`);
  }
  const esbuild = await import('esbuild');
  try {
    const { warnings, metafile } = await esbuild.build({
      absWorkingDir: folder,
      entryPoints: [source],
      outfile: target,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'linked',
      metafile: true,
      logLevel: 'silent',
    });
    return {
      path: target,
      sha256: toHex(sha256(new Uint8Array(await readFile(target)))),
      inputs: Object.keys(metafile.inputs).map((path) => resolve(folder, path)),
      warnings: warnings.map(toDiagnostic),
    };
  } catch (cause) {
    if (!isBuildFailure(cause)) throw cause;
    const problems = cause.errors.map(toDiagnostic);
    throw new BuildError('BUILD_FAILED', 'The host program could not be bundled.', problems, { cause });
  }
}

function isBuildFailure(error: unknown): error is { readonly errors: readonly Message[] } {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function toDiagnostic({ text, location, notes }: Message): Diagnostic {
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
