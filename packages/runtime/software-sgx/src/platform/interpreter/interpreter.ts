import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { equalBytes, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { pinnedInterpreter, type InterpreterIdentity } from '@enclos/manifest';

export interface VerifiedInterpreter {
  readonly path: string;
  readonly version: string;
  readonly sha256: Uint8Array;
  /**
   * Checks again before a spawn, cheaply: hashes anew only when the file's
   * identity, size or times changed since it was hashed.
   * @throws INTERPRETER_MISMATCH
   */
  recheck(): Promise<void>;
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
  let seen = await fingerprint(path);
  await hashAndCompare(path, digest);
  return Object.freeze({
    path,
    version: pinned.version,
    sha256: digest.sha256,
    async recheck() {
      const now = await fingerprint(path);
      if (now === seen) return;
      await hashAndCompare(path, digest);
      seen = now;
    },
  });
}

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

async function fingerprint(path: string): Promise<string> {
  const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path).catch((cause: unknown) => {
    throw new EnclosError('INTERPRETER_MISSING', `${path} is gone.`, { cause });
  });
  return [dev, ino, size, mtimeMs, ctimeMs].join(':');
}

async function hashAndCompare(path: string, digest: Digest): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Uint8Array);
  const found = new Uint8Array(hash.digest());
  if (!equalBytes(found, digest.sha256)) {
    throw new EnclosError('INTERPRETER_MISMATCH', `${path} is not the pinned interpreter.`, {
      details: { expected: toHex(digest.sha256), found: toHex(found) },
    });
  }
}
