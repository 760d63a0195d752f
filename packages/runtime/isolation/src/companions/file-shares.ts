import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Turns } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';

/** What one host may fill of the platform's files for companions. */
export interface FileShare {
  /** The same for this host from platform to platform: small letters, digits and hyphens. */
  readonly name: string;
  readonly maxBytes: number;
  /** Each takes an inode and a block of the disk, and is looked at when another comes, however few bytes it has. Default: 1024. */
  readonly maxFiles?: number;
  /** Folders that give the files of a companion their names. Default: 256. */
  readonly maxSets?: number;
}

const allBytes = 8 * 1024 ** 3;
const minShareBytes = 128 * 1024 ** 2;

/** One of so many equal parts of 8 GiB, but enough for an engine however many hosts there are. */
export function fileShareBytes(hosts: number): number {
  return Math.max(minShareBytes, Math.floor(allBytes / hosts));
}

/** The most bytes of files of companions that a platform keeps for so many hosts. */
export function companionFileBytes(hosts: number): number {
  return hosts * fileShareBytes(hosts);
}

interface HeldFile {
  readonly digest: string;
  readonly sizeBytes: number;
  /** When it was last placed or touched. */
  readonly usedAtMs: number;
}

const digestName = /^[0-9a-f]{64}$/;
/** What was placed so lately is about to be used. */
export const freshMs = 60_000;
/** The folder, among the files, that says which host has which. */
export const ownersName = 'owners';

/**
 * Counts files for the hosts that gave or use them: one that two hosts use counts for both. Which host has which is on the disk, as the files are. A host
 * whose share is full loses what no enclave of its uses, the oldest first, and never what another host has.
 */
export class FileShares {
  readonly #folder: string;
  readonly #turns = new Turns();
  /** By host and digest: how many uploads and enclaves need it, and the announced size. */
  readonly #busy = new Map<string, { readonly count: number; readonly sizeBytes: number }>();

  /** @param folder of the files, each named by its digest in hex */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Counts a file for a host, and keeps it for this host until that ends.
   * @param digest in hex
   * @param sizeBytes as announced, for a file that is not there yet
   * @returns what ends the use; the file still counts
   * @throws PLATFORM_BUSY when what the host uses leaves no room
   */
  hold(share: FileShare, digest: string, sizeBytes: number): Promise<() => void> {
    return this.#turns.take(async () => {
      const owned = join(this.#folder, ownersName, share.name);
      await mkdir(owned, { recursive: true, mode: 0o700 });
      const held = await this.#heldBy(share.name);
      const needs = (await this.#stat(digest))?.size ?? sizeBytes;
      await this.#makeRoom(
        share,
        held.filter((file) => file.digest !== digest),
        needs,
      );
      await writeFile(join(owned, digest), '', { mode: 0o600 });
      return this.use(share.name, digest, sizeBytes);
    });
  }

  /** Keeps a file that counts for a host already. @returns what ends it; idempotent */
  use(name: string, digest: string, sizeBytes: number): () => void {
    const key = `${name}/${digest}`;
    const count = (by: number): void => {
      const now = (this.#busy.get(key)?.count ?? 0) + by;
      if (now === 0) this.#busy.delete(key);
      else this.#busy.set(key, { count: now, sizeBytes });
    };
    count(1);
    let isUsed = true;
    return () => {
      if (isUsed) count(-1);
      isUsed = false;
    };
  }

  async #makeRoom(
    { name, maxBytes, maxFiles = 1024 }: FileShare,
    held: readonly HeldFile[],
    needs: number,
  ): Promise<void> {
    let usedBytes = held.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    let files = held.length;
    const isRoom = (): boolean => usedBytes + needs <= maxBytes && files < maxFiles;
    const idle = held.filter(
      ({ digest, usedAtMs }) => !this.#busy.has(`${name}/${digest}`) && Date.now() - usedAtMs > freshMs,
    );
    for (const { digest, sizeBytes } of idle.toSorted((a, b) => a.usedAtMs - b.usedAtMs)) {
      if (isRoom()) break;
      await this.#drop(name, digest);
      usedBytes -= sizeBytes;
      files -= 1;
    }
    if (isRoom()) return;
    throw new EnclosError(
      'PLATFORM_BUSY',
      `The platform keeps ${maxFiles} files of companions with ${maxBytes} bytes for one host.`,
    );
  }

  /** Files that are gone count no more. */
  async #heldBy(name: string): Promise<readonly HeldFile[]> {
    const owned = join(this.#folder, ownersName, name);
    const digests = (await readdir(owned)).filter((found) => digestName.test(found));
    const held = await Promise.all(
      digests.map(async (digest): Promise<readonly HeldFile[]> => {
        const facts = await this.#stat(digest);
        const announced = this.#busy.get(`${name}/${digest}`);
        if (facts !== undefined) return [{ digest, sizeBytes: facts.size, usedAtMs: facts.mtimeMs }];
        if (announced !== undefined) return [{ digest, sizeBytes: announced.sizeBytes, usedAtMs: Infinity }];
        await rm(join(owned, digest), { force: true });
        return [];
      }),
    );
    return held.flat();
  }

  #stat(digest: string): ReturnType<typeof statOf> {
    return statOf(join(this.#folder, digest));
  }

  /** Removes a file, with its names in the folders of companions, unless another host has it. */
  async #drop(name: string, digest: string): Promise<void> {
    const owners = join(this.#folder, ownersName);
    await rm(join(owners, name, digest), { force: true });
    for (const other of await readdir(owners)) {
      if ((await statOf(join(owners, other, digest))) !== undefined) return;
    }
    const file = await this.#stat(digest);
    for (const set of (await readdir(this.#folder)).filter((found) => found.startsWith('s-'))) {
      for (const path of (await readdir(join(this.#folder, set))).map((found) => join(this.#folder, set, found))) {
        if ((await statOf(path))?.ino === file?.ino) await rm(path, { force: true });
      }
    }
    await rm(join(this.#folder, digest), { force: true });
  }
}

async function statOf(path: string) {
  return stat(path).catch(() => undefined);
}
