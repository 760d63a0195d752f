import { open, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { toHex } from '@enclos/codec';
import { pinnedInterpreter } from '@enclos/manifest';

import type { TrustedInterpreter } from './build-report.ts';
import { neededLibraries } from './elf-needed.ts';

/** The binary of an interpreter, when its npm package is installed where the project can see it. */
async function locate(folder: string, architecture: string): Promise<string | undefined> {
  try {
    const manifest = createRequire(join(folder, 'package.json')).resolve(`node-${architecture}/package.json`);
    const binary = join(dirname(manifest), 'bin/node');
    return (await stat(binary)).isFile() ? binary : undefined;
  } catch {
    // npm installs only the package of this machine's architecture.
    return undefined;
  }
}

async function librariesOf(path: string): Promise<readonly string[]> {
  const handle = await open(path);
  try {
    return await neededLibraries(async (offset, length) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    });
  } finally {
    await handle.close();
  }
}

/** The pinned interpreter as far as this machine can describe it. */
export async function describeInterpreter(folder: string): Promise<TrustedInterpreter> {
  const files = [];
  const libraries = new Set<string>();
  for (const { architecture, sha256 } of pinnedInterpreter.digests) {
    const path = await locate(folder, architecture);
    const file = { name: `node-${architecture}/bin/node`, sha256: toHex(sha256) };
    files.push(path === undefined ? file : { ...file, sizeBytes: (await stat(path)).size });
    for (const library of path === undefined ? [] : await librariesOf(path)) libraries.add(library);
  }
  return { version: pinnedInterpreter.version, files, unmeasuredLibraries: [...libraries].sort() };
}
