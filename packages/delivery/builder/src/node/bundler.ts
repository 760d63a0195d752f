import { env } from 'node:process';

import { build, version, type BuildFailure, type BuildOptions, type BuildResult, type Message } from 'esbuild';

import { fromBundler } from './bundler-messages.ts';
import { BuildError, buildFailure } from '../diagnostic.ts';

/** The bundler writes nothing itself and always says what went into its output. */
export type BundlerOptions = BuildOptions & { readonly write: false; readonly metafile: true };

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

/** The tool that bundles the sources: reproducing a build takes the same version. */
export const bundler = Object.freeze({ name: 'esbuild', version });

const replacement = 'ESBUILD_BINARY_PATH';
/** The bundler looks at it once, when it is loaded. */
const replacedAtLoad = Boolean(env[replacement]);

/** An environment variable would decide what runs in the enclave, without a trace. */
function refuseReplacement(): void {
  if (!replacedAtLoad && !env[replacement]) return;
  const message = `${replacement} is set: it puts another program in the place of the bundler. Unset it.`;
  throw new BuildError('BUILD_FAILED', message, []);
}

/** Messages of the bundler as an error. */
export function bundlerFailure(messages: readonly Message[]): BuildError {
  const diagnostics = messages.map(fromBundler);
  const forbidden = diagnostics.some((diagnostic) => diagnostic.code === 'BUILD_FORBIDDEN_IMPORT');
  return buildFailure(forbidden ? 'BUILD_FORBIDDEN_IMPORT' : 'BUILD_FAILED', diagnostics);
}

/**
 * Runs the bundler; its failure becomes ours, with every message.
 * @throws BuildError BUILD_FAILED, also when the environment replaces the bundler.
 */
export async function runBundler(options: BundlerOptions): Promise<BuildResult<BundlerOptions>> {
  refuseReplacement();
  try {
    return await build(options);
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    throw bundlerFailure(error.errors);
  }
}
