import { createHash } from 'node:crypto';
import { readSync, type BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { toHex } from '@enclos/codec';
import { pinnedInterpreter, type InterpreterIdentity } from '@enclos/manifest';

import type { TrustedFile, TrustedInterpreter } from '../build-report.ts';
import type { Diagnostic } from '@enclos/diagnostics';
import { readElf } from '@enclos/elf';

/** Where the binary of an interpreter would be, when its npm package is installed where the project can see it. */
function locate(folder: string, architecture: string): string | undefined {
  try {
    const manifest = createRequire(join(folder, 'package.json')).resolve(`node-${architecture}/package.json`);
    return join(dirname(manifest), 'bin/node');
  } catch {
    // npm installs only the package of this machine's architecture.
    return undefined;
  }
}

/** A read of about a megabyte: with smaller ones the 126 MB take noticeably longer. */
const pieceBytes = 1024 * 1024;

async function hashFile(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(pieceBytes);
  let offset = 0;
  for (;;) {
    const { bytesRead } = await handle.read(piece, 0, pieceBytes, offset);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(piece.subarray(0, bytesRead));
    offset += bytesRead;
  }
}

/** By file and state of it, and only as long as this process lives. */
const knownHashes = new Map<string, string>();

async function hashOf(handle: FileHandle, { dev, ino, size, mtimeNs }: BigIntStats): Promise<string> {
  const key = [dev, ino, size, mtimeNs].join(' ');
  const known = knownHashes.get(key);
  if (known !== undefined) return known;
  const hash = await hashFile(handle);
  knownHashes.set(key, hash);
  return hash;
}

interface FileDescription {
  readonly sizeBytes: number;
  readonly libraries: readonly string[];
}

/** The facts of the pinned interpreter's file; undefined for any other file. */
async function describeFile(path: string, sha256: string): Promise<FileDescription | undefined> {
  const handle = await open(path);
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile() || (await hashOf(handle, stats)) !== sha256) return undefined;
    const { needed } = readElf((offset, length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(handle.fd, bytes, 0, length, offset));
    });
    return { sizeBytes: Number(stats.size), libraries: needed };
  } finally {
    await handle.close();
  }
}

function notPinned(name: string, version: string): Diagnostic {
  return Object.freeze({
    code: 'INTERPRETER_MISMATCH',
    text: `node_modules/${name} is not the interpreter that the image pins; the report leaves out its size and libraries`,
    notes: Object.freeze([]),
    suggestion: `npm install ${name.split('/', 1)[0]}@${version}`,
  });
}

export interface DescribedInterpreter {
  readonly interpreter: TrustedInterpreter;
  readonly warnings: readonly Diagnostic[];
}

/**
 * The pinned interpreter as far as this machine can describe it. Only a file
 * with the pinned SHA-256 is taken at its word. Never rejects.
 */
export async function describeInterpreter(
  folder: string,
  { version, digests }: InterpreterIdentity = pinnedInterpreter,
): Promise<DescribedInterpreter> {
  const files: TrustedFile[] = [];
  const libraries = new Set<string>();
  const warnings: Diagnostic[] = [];
  for (const { architecture, sha256 } of digests) {
    const file = { name: `node-${architecture}/bin/node`, sha256: toHex(sha256) };
    const path = locate(folder, architecture);
    // Whatever cannot be opened, read or understood is not the pinned interpreter.
    const described = path === undefined ? undefined : await describeFile(path, file.sha256).catch(() => undefined);
    if (path !== undefined && described === undefined) warnings.push(notPinned(file.name, version));
    for (const library of described?.libraries ?? []) libraries.add(library);
    files.push(described === undefined ? file : { ...file, sizeBytes: described.sizeBytes });
  }
  return { interpreter: { version, files, unmeasuredLibraries: [...libraries].sort() }, warnings };
}
