import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EnclosError } from '@enclos/errors';
import { pinnedInterpreter, type InterpreterIdentity } from '@enclos/manifest';
import { verifyFile, type FileErrors, type VerifiedFile } from './verified-file.ts';

/** The interpreter; `recheck` throws INTERPRETER_MISMATCH. */
export interface VerifiedInterpreter extends VerifiedFile {
  readonly version: string;
}

type Digest = InterpreterIdentity['digests'][number];

export interface InterpreterOptions {
  readonly pinned?: InterpreterIdentity;
  /** Where the interpreter is. Default: in its npm package. */
  readonly path?: string;
  /** Default: the architecture of this machine. */
  readonly architecture?: Digest['architecture'];
}

/**
 * The path of the pinned interpreter, which is not read here, and the SHA-256 that it must have. @throws INTERPRETER_MISSING
 */
export function findInterpreter(options: InterpreterOptions = {}): { readonly path: string; readonly digest: Digest } {
  const digest = digestFor(options.architecture, options.pinned ?? pinnedInterpreter);
  return { path: options.path ?? locate(digest.architecture), digest };
}

/**
 * Finds and hashes the pinned interpreter.
 * @throws INTERPRETER_MISSING, INTERPRETER_MISMATCH
 */
export async function verifyInterpreter(options: InterpreterOptions = {}): Promise<VerifiedInterpreter> {
  const pinned = options.pinned ?? pinnedInterpreter;
  const { path, digest } = findInterpreter(options);
  const file = await verifyFile(path, digest.sha256, errors);
  return Object.freeze({ ...file, version: pinned.version });
}

const errors: FileErrors = {
  missing: (path, cause) => new EnclosError('INTERPRETER_MISSING', `${path} is gone.`, { cause }),
  mismatch: (path, details) =>
    new EnclosError('INTERPRETER_MISMATCH', `${path} is not the pinned interpreter.`, { details }),
};

function digestFor(wanted: Digest['architecture'] | undefined, pinned: InterpreterIdentity): Digest {
  const architecture = wanted ?? `${process.platform}-${process.arch}`;
  const digest = pinned.digests.find((candidate) => candidate.architecture === architecture);
  if (digest === undefined) {
    const reason =
      wanted === undefined
        ? `Enclaves run on Linux on x64 or arm64; this is ${architecture}.`
        : `No interpreter is pinned for ${architecture}.`;
    throw new EnclosError('INTERPRETER_MISSING', reason, { details: { architecture } });
  }
  return digest;
}

function locate(architecture: Digest['architecture']): string {
  const require = createRequire(import.meta.url);
  try {
    return join(dirname(require.resolve(`node-${architecture}/package.json`)), 'bin/node');
  } catch (cause) {
    throw new EnclosError('INTERPRETER_MISSING', `The npm package node-${architecture} is not installed.`, {
      cause,
      details: { architecture },
    });
  }
}
