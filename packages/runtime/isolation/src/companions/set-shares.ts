import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Turns } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';
import { freshMs, ownersName, type FileShare } from './file-shares.ts';

/** Far more than a host has enclaves with companions. */
const mostSets = 256;
const setName = /^s-[0-9a-f]{32}$/;

/**
 * Counts the folders of companions for the hosts whose enclaves use them. One set of files has any number of names, and each makes a folder: a host that has
 * as many as it may loses those that no enclave of its uses, the oldest first, and never what another host has.
 */
export class SetShares {
  readonly #folder: string;
  readonly #turns = new Turns();
  /** By host and set: how many launches and enclaves need it. */
  readonly #busy = new Map<string, number>();

  /** @param folder of the sets */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Counts a set for a host, and keeps it for this host until that ends.
   * @returns what ends the use; the set still counts
   * @throws PLATFORM_BUSY when the host uses as many as it may
   */
  hold({ name, maxSets = mostSets }: FileShare, set: string): Promise<() => void> {
    return this.#turns.take(async () => {
      const owned = join(this.#folder, ownersName, name);
      await mkdir(owned, { recursive: true, mode: 0o700 });
      const held = (await readdir(owned)).filter((found) => setName.test(found) && found !== set);
      const left = held.length < maxSets ? held.length : await this.#dropIdle(name, held, maxSets);
      if (left >= maxSets) {
        throw new EnclosError('PLATFORM_BUSY', `The platform keeps ${maxSets} folders of companions for one host.`);
      }
      await writeFile(join(owned, set), '', { mode: 0o600 });
      return this.use(name, set);
    });
  }

  /** Keeps a set that counts for a host already. @returns what ends it; idempotent */
  use(name: string, set: string): () => void {
    const key = `${name}/${set}`;
    this.#busy.set(key, (this.#busy.get(key) ?? 0) + 1);
    let isUsed = true;
    return () => {
      if (!isUsed) return;
      isUsed = false;
      const left = (this.#busy.get(key) ?? 1) - 1;
      if (left === 0) this.#busy.delete(key);
      else this.#busy.set(key, left);
    };
  }

  /** @returns how many are left */
  async #dropIdle(name: string, held: readonly string[], maxSets: number): Promise<number> {
    const ages = await Promise.all(
      held.map(async (set) => ({ set, usedAtMs: (await statOf(join(this.#folder, set)))?.mtimeMs ?? 0 })),
    );
    const idle = ages
      .filter(({ set, usedAtMs }) => !this.#busy.has(`${name}/${set}`) && Date.now() - usedAtMs > freshMs)
      .toSorted((a, b) => a.usedAtMs - b.usedAtMs)
      .slice(0, held.length - maxSets + 1);
    for (const { set } of idle) await this.#drop(name, set);
    return held.length - idle.length;
  }

  async #drop(name: string, set: string): Promise<void> {
    const owners = join(this.#folder, ownersName);
    await rm(join(owners, name, set), { force: true });
    for (const other of await readdir(owners)) {
      if ((await statOf(join(owners, other, set))) !== undefined) return;
    }
    await rm(join(this.#folder, set), { recursive: true, force: true });
  }
}

async function statOf(path: string) {
  return stat(path).catch(() => undefined);
}
