import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { durable } from '@enclos/durable';
import { nextRotatedPath, rotatedFiles } from './files.ts';

/** A file that grows by whole pieces: a piece that fails half-way is removed. */
export interface AppendFile {
  readonly sizeBytes: number;
  /**
   * Resolves when the bytes are on the disk (fdatasync). A failure leaves the file as it was; if that is not possible, the next
   * call fails.
   */
  append(bytes: Uint8Array): Promise<void>;
  /** Renames the file to the next number, and continues with an empty one. */
  rotate(): Promise<void>;
  close(): Promise<void>;
}

/** Makes the file when there is none. */
export async function openAppendFile(path: string): Promise<AppendFile> {
  const file = new LogFile(path);
  await file.reopen();
  return file;
}

class LogFile implements AppendFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #sizeBytes = 0;
  /** Whether bytes of an unfinished piece may follow the last whole piece. */
  #isDirty = false;

  constructor(path: string) {
    this.#path = path;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async reopen(): Promise<void> {
    const handle = await open(this.#path, 'a', 0o600);
    this.#handle = handle;
    this.#sizeBytes = (await handle.stat()).size;
    await durable.syncFolder(dirname(this.#path));
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (this.#handle === undefined) await this.reopen();
    const handle = this.#handle;
    if (handle === undefined) throw new Error('The file is closed.');
    await this.#checkSize(handle);
    try {
      this.#isDirty = true;
      await handle.appendFile(bytes);
      await handle.datasync();
      this.#sizeBytes += bytes.length;
      this.#isDirty = false;
    } catch (error) {
      await this.#takeBack(handle).catch(() => undefined);
      throw error;
    }
  }

  async rotate(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    await durable.move(this.#path, nextRotatedPath(this.#path, await rotatedFiles(this.#path)));
    await this.reopen();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** No other process may write here: it would break the chain. */
  async #checkSize(handle: FileHandle): Promise<void> {
    if (this.#isDirty) await this.#takeBack(handle);
    const { size, nlink } = await handle.stat();
    if (size !== this.#sizeBytes || nlink === 0) {
      throw new Error(`Another process changed the file: ${size} bytes, not ${this.#sizeBytes}.`);
    }
  }

  async #takeBack(handle: FileHandle): Promise<void> {
    await handle.truncate(this.#sizeBytes);
    this.#isDirty = false;
  }
}
