import { basename, dirname } from 'node:path';
import type { FileSystem, OpenFile } from '../src/index.ts';

interface FileNode {
  /** What readers see. */
  content: string;
  /** What a loss of power leaves. */
  synced: string;
}

interface FolderNode {
  readonly names: Map<string, TreeNode>;
  synced: ReadonlyMap<string, TreeNode>;
}

type TreeNode = FileNode | FolderNode;

/** Which names there are after a loss of power, when their folder was not synced: a disk may write them early, or not at all. */
export type UnsyncedNames = 'written' | 'lost';

const isFolder = (node: TreeNode): node is FolderNode => 'names' in node;
const emptyFolder = (): FolderNode => ({ names: new Map(), synced: new Map() });

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/**
 * A file system in memory that keeps apart what readers see and what a loss of power leaves (the crash model of POSIX: without
 * fsync, neither the content of a file nor a change of a name is on the disk, and each may be there without the other).
 */
export class SimulatedDisk implements FileSystem {
  readonly #root = emptyFolder();
  /** The calls so far, with temporary names as `NEW`. */
  readonly calls: string[] = [];
  /** Is asked before each call; what it throws is the result of the call. */
  beforeCall: (call: string) => void = () => undefined;

  async open(path: string, flags: 'wx' | 'r', mode = 0): Promise<OpenFile> {
    this.#call(flags === 'wx' ? `make ${path} ${mode.toString(8)}` : `open ${path}`);
    if (flags === 'wx') this.#link(path, { content: '', synced: '' });
    return this.#handle(path, this.#node(path));
  }

  async copyFile(from: string, to: string): Promise<void> {
    this.#call(`copy ${from} ${to}`);
    this.#link(to, { content: this.#fileAt(from).content, synced: '' });
  }

  async rename(from: string, to: string): Promise<void> {
    this.#call(`rename ${from} ${to}`);
    const node = this.#node(from);
    this.#folderAt(dirname(from)).names.delete(basename(from));
    this.#folderAt(dirname(to)).names.set(basename(to), node);
  }

  async link(from: string, to: string): Promise<void> {
    this.#call(`link ${from} ${to}`);
    this.#link(to, this.#node(from));
  }

  async remove(path: string): Promise<void> {
    this.#call(`remove ${path}`);
    this.#folderAt(dirname(path)).names.delete(basename(path));
  }

  removeFolder(path: string): Promise<void> {
    return this.remove(path);
  }

  async makeFolder(path: string): Promise<string | undefined> {
    this.#call(`folder ${path}`);
    let topmost: string | undefined;
    let [at, folder] = ['', this.#root];
    for (const name of path.split('/').filter(Boolean)) {
      at = `${at}/${name}`;
      const found = folder.names.get(name) ?? emptyFolder();
      if (!isFolder(found)) throw systemError('ENOTDIR');
      if (!folder.names.has(name)) topmost ??= at;
      folder.names.set(name, found);
      folder = found;
    }
    return topmost;
  }

  async list(path: string): Promise<readonly string[]> {
    return [...this.#folderAt(path).names.keys()];
  }

  async stat(path: string): Promise<{ readonly mtimeMs: number; isFile(): boolean }> {
    const node = this.#node(path);
    return { mtimeMs: 0, isFile: () => !isFolder(node) };
  }

  /** What a reader sees now. */
  read(path: string): string | undefined {
    try {
      return this.#fileAt(path).content;
    } catch {
      return undefined;
    }
  }

  /** What is there when the power has come back. */
  readAfterPowerLoss(path: string, unsynced: UnsyncedNames): string | undefined {
    let node: TreeNode | undefined = this.#root;
    for (const name of path.split('/').filter(Boolean)) {
      if (node === undefined || !isFolder(node)) return undefined;
      node = (unsynced === 'written' ? node.names : node.synced).get(name);
    }
    return node === undefined || isFolder(node) ? undefined : node.synced;
  }

  #handle(path: string, node: TreeNode): OpenFile {
    return {
      writeFile: async (content) => {
        this.#call(`write ${path}`);
        if (!isFolder(node)) node.content += String(content);
      },
      chmod: async (mode) => this.#call(`chmod ${path} ${mode.toString(8)}`),
      sync: async () => {
        this.#call(`sync ${path}`);
        if (isFolder(node)) node.synced = new Map(node.names);
        else node.synced = node.content;
      },
      stat: async () => ({ mtimeMs: 0 }),
      close: async () => this.#call(`close ${path}`),
    };
  }

  #call(call: string): void {
    const named = call.replaceAll(/\.enclos-new-[0-9a-f-]+|\.making-[0-9a-f]{16}/g, 'NEW');
    this.beforeCall(named);
    this.calls.push(named);
  }

  #link(path: string, node: TreeNode): void {
    const { names } = this.#folderAt(dirname(path));
    if (names.has(basename(path))) throw systemError('EEXIST');
    names.set(basename(path), node);
  }

  #node(path: string): TreeNode {
    let node: TreeNode = this.#root;
    for (const name of path.split('/').filter(Boolean)) {
      const next: TreeNode | undefined = isFolder(node) ? node.names.get(name) : undefined;
      if (next === undefined) throw systemError('ENOENT');
      node = next;
    }
    return node;
  }

  #folderAt(path: string): FolderNode {
    const node = this.#node(path);
    if (!isFolder(node)) throw systemError('ENOTDIR');
    return node;
  }

  #fileAt(path: string): FileNode {
    const node = this.#node(path);
    if (isFolder(node)) throw systemError('EISDIR');
    return node;
  }
}
