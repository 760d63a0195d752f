import { hasCode, type FileSystem, type OpenFile } from './file-system.ts';
import { naming } from './named-error.ts';

/** The content of a file. Pieces are written as they arrive. */
export type FileContent = string | Uint8Array | AsyncIterable<Uint8Array>;

/** A file under a temporary name, which gets its name when it is whole. */
export interface UnfinishedFile {
  /** The temporary name. */
  readonly path: string;
  write(content: FileContent): Promise<void>;
  /**
   * Gives the file its name, in place of a file that has it. The content is on the disk before the name is. The name is visible
   * at once, and durable after `syncFolder`.
   * @param path in the folder that the file was begun in
   */
  place(path: string): Promise<void>;
  /** As `place`, unless a file has the name. @returns false when one has it */
  placeNew(path: string): Promise<boolean>;
  /** Removes a file that was not placed. Never fails; does nothing to one that was placed. */
  discard(): Promise<void>;
}

export interface UnfinishedFileParts {
  readonly files: FileSystem;
  readonly path: string;
  readonly handle: OpenFile;
  /** What errors name. */
  readonly name: string;
  /** Whether the content is synced before the file gets its name. */
  readonly isSynced: boolean;
}

export class TemporaryFile implements UnfinishedFile {
  readonly #parts: UnfinishedFileParts;
  #isOpen = true;
  #isOver = false;

  constructor(parts: UnfinishedFileParts) {
    this.#parts = parts;
  }

  get path(): string {
    return this.#parts.path;
  }

  async write(content: FileContent): Promise<void> {
    const { handle, name } = this.#parts;
    if (typeof content === 'string' || content instanceof Uint8Array) {
      return naming(name, () => handle.writeFile(content));
    }
    // An error of the source is not about this file.
    for await (const piece of content) await naming(name, () => handle.writeFile(piece));
  }

  place(path: string): Promise<void> {
    return naming(path, async () => {
      await this.#finish();
      await this.#parts.files.rename(this.path, path);
      this.#isOver = true;
    });
  }

  placeNew(path: string): Promise<boolean> {
    return naming(path, () => this.#placeNew(path));
  }

  async #placeNew(path: string): Promise<boolean> {
    await this.#finish();
    try {
      // Unlike a rename, a link never takes the place of a file (link(2)).
      await this.#parts.files.link(this.path, path);
      return true;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      return false;
    } finally {
      await this.discard();
    }
  }

  async discard(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#close().catch(() => undefined);
    // On a disk that has become read-only it stays, hidden, until a later write finds it.
    await this.#parts.files.remove(this.path).catch(() => undefined);
  }

  async #finish(): Promise<void> {
    if (this.#parts.isSynced) await this.#parts.handle.sync();
    await this.#close();
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#parts.handle.close();
  }
}
