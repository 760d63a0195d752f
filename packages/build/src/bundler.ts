import { build, type BuildFailure, type BuildOptions, type BuildResult } from 'esbuild';

import { fromBundler } from './bundler-messages.ts';
import { BuildError, countOf } from './diagnostic.ts';

/** The bundler writes nothing itself and always says what went into its output. */
export type BundlerOptions = BuildOptions & { readonly write: false; readonly metafile: true };

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

/** Runs the bundler; its failure becomes ours, with every message. */
export async function runBundler(options: BundlerOptions): Promise<BuildResult<BundlerOptions>> {
  try {
    return await build(options);
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    const diagnostics = error.errors.map(fromBundler);
    const forbidden = diagnostics.some((diagnostic) => diagnostic.code === 'BUILD_FORBIDDEN_IMPORT');
    const [first] = diagnostics;
    const more = diagnostics.length > 1 ? ` (${countOf(diagnostics.length, 'problem')} in all)` : '';
    const code = forbidden ? 'BUILD_FORBIDDEN_IMPORT' : 'BUILD_FAILED';
    throw new BuildError(code, `${first?.text ?? 'The bundler failed'}${more}.`, diagnostics);
  }
}
