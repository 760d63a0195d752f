import type { KernelFile, KernelFiles } from '../src/devices/kernel-files.ts';

/** A failure as Node reports it. */
export function errno(code: string): Error {
  return Object.assign(new Error(`${code}: fake`), { code });
}

/** What stands behind an open pseudo-file. Each may throw an {@link errno}. */
export interface FakeNode {
  /** The content, asked for once when the file is opened or first read, as `when` says. */
  readonly load?: () => Uint8Array;
  readonly when?: 'open' | 'read';
  /** One write(2). @returns how much was taken; default all. */
  readonly store?: (bytes: Uint8Array) => number | void;
  /** close(2) after a write. */
  readonly closed?: () => void;
}

export interface FakeFilesOptions {
  readonly node: (path: string) => FakeNode | undefined;
  readonly makeFolder?: (path: string) => void;
  readonly removeFolder?: (path: string) => void;
  /** The most that one read(2) gives. */
  readonly readBytes?: number;
}

/** Files with the rules of a kernel: reads may be short, and what is not readable or writable refuses to be opened so. */
export function fakeFiles({ node, makeFolder, removeFolder, readBytes = 7 }: FakeFilesOptions): KernelFiles & {
  readonly opened: readonly string[];
  readonly stillOpen: () => number;
} {
  const opened: string[] = [];
  let stillOpen = 0;
  return {
    opened,
    stillOpen: () => stillOpen,
    async open(path, access) {
      await Promise.resolve();
      const found = node(path);
      if (found === undefined) throw errno('ENOENT');
      if (access === 'read' ? found.load === undefined : found.store === undefined) throw errno('EACCES');
      opened.push(`${access} ${path}`);
      const file = openNode(found, readBytes);
      stillOpen++;
      return { ...file, close: () => file.close().finally(() => stillOpen--) };
    },
    async makeFolder(path) {
      await Promise.resolve();
      if (makeFolder === undefined) throw errno('ENOENT');
      makeFolder(path);
    },
    async removeFolder(path) {
      await Promise.resolve();
      removeFolder?.(path);
    },
    exists: (path) => Promise.resolve(node(path) !== undefined),
  };
}

function openNode(found: FakeNode, readBytes: number): KernelFile {
  let content = found.when === 'open' ? found.load?.() : undefined;
  let at = 0;
  let written = false;
  return {
    async read(into) {
      await Promise.resolve();
      content ??= found.load?.() ?? new Uint8Array();
      const piece = content.subarray(at, at + Math.min(readBytes, into.length));
      into.set(piece);
      at += piece.length;
      return piece.length;
    },
    async write(bytes) {
      await Promise.resolve();
      written = true;
      return found.store?.(Uint8Array.from(bytes)) ?? bytes.length;
    },
    async close() {
      await Promise.resolve();
      if (written) found.closed?.();
    },
  };
}
