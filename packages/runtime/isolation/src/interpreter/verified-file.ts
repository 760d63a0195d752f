import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { equalBytes, toHex } from '@enclos/codec';
import type { EnclosError } from '@enclos/errors';

/** A file that has the SHA-256 that it must have. */
export interface VerifiedFile {
  readonly path: string;
  readonly sha256: Uint8Array;
  /**
   * Checks again before a spawn, cheaply: hashes anew only when the file's
   * identity, size or times changed since it was hashed.
   */
  recheck(): Promise<void>;
}

/** What is thrown when the file is not there, or is another one. */
export interface FileErrors {
  readonly missing: (path: string, cause: unknown) => EnclosError;
  readonly mismatch: (path: string, details: { readonly expected: string; readonly found: string }) => EnclosError;
}

/** Hashes a program, which is looked at again before each use. */
export async function verifyFile(path: string, sha256: Uint8Array, errors: FileErrors): Promise<VerifiedFile> {
  let seen = await fingerprint(path, errors);
  await hashAndCompare(path, sha256, errors);
  return Object.freeze({
    path,
    sha256,
    async recheck() {
      const now = await fingerprint(path, errors);
      if (now === seen) return;
      await hashAndCompare(path, sha256, errors);
      seen = now;
    },
  });
}

async function fingerprint(path: string, { missing }: FileErrors): Promise<string> {
  const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path).catch((cause: unknown) => {
    throw missing(path, cause);
  });
  return [dev, ino, size, mtimeMs, ctimeMs].join(':');
}

async function hashAndCompare(path: string, expected: Uint8Array, { mismatch }: FileErrors): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Uint8Array);
  const found = new Uint8Array(hash.digest());
  if (!equalBytes(found, expected)) throw mismatch(path, { expected: toHex(expected), found: toHex(found) });
}
