import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnclosError } from '@enclos/errors';
import { goFilesOf, type GoFile } from '../carried.ts';
import type { GoToolchain } from '../toolchain.ts';
import { insertCode } from './insert.ts';
import { patchesFor } from './patches.ts';

/** What replaces and what is added to the standard library of one Go, for one architecture. */
export interface Overlay {
  /** Relative to the sources of the standard library. */
  readonly files: readonly GoFile[];
  /** SHA-256 over names and contents, as hex: the same for every copy of this Go, wherever it is. */
  readonly sha256: string;
}

/** Into which package of the standard library the packages and folders of ours go. */
const additions = [
  { from: 'overlay/syscall', to: 'syscall' },
  { from: 'go/internal/core', to: 'internal/poll' },
  { from: 'go/internal/core/overlay', to: 'internal/poll' },
  { from: 'go/internal/kernel', to: 'internal/poll' },
  { from: 'overlay/poll', to: 'internal/poll' },
  { from: 'overlay/net', to: 'net' },
  { from: 'overlay/runtime', to: 'runtime' },
] as const;

/**
 * Makes the overlay for a Go: functions of its standard library that ask the enclave first, and what answers them.
 * @param carried the folder of the Go files of Enclos
 * @throws GO_ANCHOR_MISSING when the standard library has another shape; GO_FILES_MISSING
 */
export function createOverlay(
  { root, version }: GoToolchain,
  { architecture, carried }: { readonly architecture: string; readonly carried: string },
): Overlay {
  const changed = patchesFor(version).map(({ file, anchors }) => {
    const path = file.replace('ARCH', architecture);
    return { path, content: insertCode(sourceOf(root, path, version), anchors, { file: path, goVersion: version }) };
  });
  const added = additions.flatMap(({ from, to }) =>
    goFilesOf(join(carried, from)).map(({ path, content }) => ({
      path: `${to}/${nameFor(path)}`,
      content: inPackage(content, to),
    })),
  );
  const files = [...changed, ...added].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return { files, sha256: digestOf(files) };
}

function sourceOf(root: string, path: string, goVersion: string): string {
  try {
    return readFileSync(join(root, 'src', path), 'utf8');
  } catch (cause) {
    throw new EnclosError('GO_ANCHOR_MISSING', `The standard library of ${goVersion} at ${root} has no ${path}.`, {
      details: { file: path, goVersion },
      cause,
    });
  }
}

/** Names that no file of the standard library has. */
function nameFor(path: string): string {
  return path.startsWith('enclos_') || path === 'enclos.go' ? path : `enclos_kernel_${path}`;
}

/** Moves a source into another package: its clause, and no import of what is then the same package. */
function inPackage(content: string, target: string): string {
  const name = target.slice(target.lastIndexOf('/') + 1);
  return content
    .replace(/^package \w+$/m, `package ${name}`)
    .replaceAll(/^(?:import )?\t?\. "enclos\.invalid\/sdk\/internal\/core"\n/gm, '');
}

function digestOf(files: readonly GoFile[]): string {
  const hash = createHash('sha256');
  for (const { path, content } of files) hash.update(`${path}\0${Buffer.byteLength(content)}\0${content}`);
  return hash.digest('hex');
}
