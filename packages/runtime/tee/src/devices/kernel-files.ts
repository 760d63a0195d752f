import { mkdir, open, rmdir, stat } from 'node:fs/promises';

/** An open pseudo-file. Reads and writes are single system calls: both may be short. */
export interface KernelFile {
  /** read(2) at the file's position. @returns the number of bytes, 0 at the end. */
  read(into: Uint8Array): Promise<number>;
  /** write(2). @returns the number of bytes that were taken. */
  write(bytes: Uint8Array): Promise<number>;
  /** close(2). */
  close(): Promise<void>;
}

/** The part of a file system that the drivers use. Failures are errors of Node, whose `code` is the name of the errno. */
export interface KernelFiles {
  open(path: string, access: 'read' | 'write'): Promise<KernelFile>;
  makeFolder(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
}

/** The files of this machine. */
export const kernelFiles: KernelFiles = Object.freeze({
  async open(path: string, access: 'read' | 'write') {
    // Write-only, without creating or truncating: configfs opens no file for both, and a created file would not be a device.
    const handle = await open(path, access === 'read' ? 'r' : writeOnly);
    return Object.freeze({
      read: async (into: Uint8Array) => (await handle.read(into, 0, into.length, null)).bytesRead,
      write: async (bytes: Uint8Array) => (await handle.write(bytes, 0, bytes.length, null)).bytesWritten,
      close: () => handle.close(),
    });
  },
  async makeFolder(path: string) {
    await mkdir(path, { mode: 0o700 });
  },
  removeFolder: (path: string) => rmdir(path),
  exists: (path: string) =>
    stat(path).then(
      () => true,
      () => false,
    ),
});

/** O_WRONLY, without O_CREAT and O_TRUNC. */
const writeOnly = 1;
