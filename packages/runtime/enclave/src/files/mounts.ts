import { MAX_FILE_CHUNK_BYTES } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { isCleanPath, type EnclaveManifest } from '@enclos/manifest';
import { hostFilesOf, type HostFiles } from './host-files.ts';
import { runtime } from '../runtime.ts';

type DeclaredMount = EnclaveManifest['mounts'][number];

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
}

/**
 * A folder that enclave.json declares under `mounts`. A `host` mount is the host's folder: all that is read from it is
 * untrusted, and the host can read all that is written to it, so seal first. A `memory` mount lives in the enclave's memory and
 * ends with it.
 */
export interface Mount {
  /** @param path relative to the mount, without `.` and `..`. @returns undefined when there is no such file. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Replaces the file, atomically. @throws ENCLAVE_MOUNT_REFUSED when read-only or full. */
  writeFile(path: string, content: Uint8Array): Promise<void>;
  /** The entries of a folder, by name. `''` is the mount itself. */
  list(path: string): Promise<readonly FolderEntry[]>;
  /** Removes a file. A missing file is not an error. */
  remove(path: string): Promise<void>;
}

const memories = new Map<string, Mount>();

/**
 * Opens a declared mount.
 * @throws ENCLAVE_FILE_NOT_DECLARED
 * @example
 * ```ts
 * import { openMount, seal } from '@enclos/enclave';
 *
 * // The host keeps the file and sees its bytes, so they are sealed.
 * export async function save(state: Uint8Array): Promise<void> {
 *   await openMount('/state').writeFile('notes.bin', await seal(state, { policy: 'enclave' }));
 * }
 * ```
 */
export function openMount(target: string): Mount {
  const { manifest, system } = runtime();
  const declared = manifest.mounts.find((candidate) => candidate.target === target);
  if (declared === undefined) {
    throw new EnclosError('ENCLAVE_FILE_NOT_DECLARED', `enclave.json declares no mount ${target}.`);
  }
  if (declared.kind === 'host') return guarded(declared, hostMount(declared, hostFilesOf(system)));
  const memory = memories.get(target) ?? guarded(declared, memoryMount(declared));
  memories.set(target, memory);
  return memory;
}

/** The rules that both kinds share: clean paths, and nothing written to a read-only mount. */
function guarded(declared: DeclaredMount, mount: Mount): Mount {
  const clean = (path: string): string => {
    if (!isCleanPath(`/${path}`)) throw refused(declared, `"${path}" is not a clean relative path`);
    return path;
  };
  const writable = (): void => {
    if (declared.readOnly) throw refused(declared, 'the mount is read-only');
  };
  return Object.freeze({
    readFile: async (path: string) => mount.readFile(clean(path)),
    list: async (path: string) => mount.list(path === '' ? path : clean(path)),
    async writeFile(path: string, content: Uint8Array) {
      writable();
      if (BigInt(content.length) > declared.maxBytes) {
        throw refused(declared, `a file may have ${declared.maxBytes} bytes`);
      }
      await mount.writeFile(clean(path), content);
    },
    async remove(path: string) {
      writable();
      await mount.remove(clean(path));
    },
  });
}

function hostMount({ target, maxBytes }: DeclaredMount, host: HostFiles): Mount {
  return {
    async readFile(path) {
      const found = await host.stat(target, path);
      if (found === undefined || found.kind !== 'file') return undefined;
      if (found.sizeBytes > maxBytes) throw refusedTarget(target, 'the file is larger than the mount allows');
      return readAll(host, { target, path, sizeBytes: Number(found.sizeBytes) });
    },
    writeFile: (path, content) => host.write(target, path, content),
    async list(path) {
      const entries = await host.list(target, path === '' ? '.' : path);
      // No file system has such names: code that joins them to a path would be led elsewhere.
      const isName = entries.every(({ name }) => name !== '.' && name !== '..' && !/[/\0]/.test(name));
      if (!isName) throw refusedTarget(target, 'the host gave a name that is none');
      return entries;
    },
    remove: (path) => host.remove(target, path),
  };
}

async function readAll(
  host: HostFiles,
  file: { target: string; path: string; sizeBytes: number },
): Promise<Uint8Array> {
  const content = new Uint8Array(file.sizeBytes);
  let at = 0;
  while (at < content.length) {
    const wanted = Math.min(MAX_FILE_CHUNK_BYTES, content.length - at);
    const piece = await host.read(file.target, file.path, BigInt(at), wanted);
    if (piece.length > wanted) throw refusedTarget(file.target, 'the host gave more than was asked for');
    if (piece.length === 0) break;
    content.set(piece, at);
    at += piece.length;
  }
  return content.subarray(0, at);
}

function memoryMount(declared: DeclaredMount): Mount {
  const files = new Map<string, Uint8Array>();
  const used = (): bigint => [...files.values()].reduce((sum, content) => sum + BigInt(content.length), 0n);
  return {
    readFile: (path) => Promise.resolve(files.get(path)?.slice()),
    async writeFile(path, content) {
      const growth = BigInt(content.length - (files.get(path)?.length ?? 0));
      if (used() + growth > declared.maxBytes) throw refused(declared, `the mount holds ${declared.maxBytes} bytes`);
      files.set(path, content.slice());
    },
    list: (path) => Promise.resolve(listMemory(files, path)),
    remove: async (path) => void files.delete(path),
  };
}

function listMemory(files: ReadonlyMap<string, Uint8Array>, folder: string): readonly FolderEntry[] {
  const prefix = folder === '' ? '' : `${folder}/`;
  const entries = new Map<string, FolderEntry['kind']>();
  for (const path of files.keys()) {
    if (!path.startsWith(prefix)) continue;
    const [name = '', ...deeper] = path.slice(prefix.length).split('/');
    entries.set(name, deeper.length === 0 ? 'file' : 'folder');
  }
  return [...entries].map(([name, kind]) => ({ name, kind }));
}

function refused(declared: DeclaredMount, reason: string): EnclosError {
  return refusedTarget(declared.target, reason);
}

function refusedTarget(target: string, reason: string): EnclosError {
  return new EnclosError('ENCLAVE_MOUNT_REFUSED', `Mount ${target}: ${reason}.`);
}
