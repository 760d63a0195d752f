import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatBytes } from '@enclos/codec';
import type { LedgerSink } from '@enclos/consortium-app';
import { durable } from '@enclos/durable';
import { refuseUsage } from '@enclos/cli-frame';
import { ChunkFile, type WrittenEntry } from '@enclos/ledger';

/** The files of a ledger. What is not closed yet is appended to; a chunk that is committed gets its table and its name at once. */
export class LedgerFolder implements LedgerSink {
  readonly #folder: string;
  readonly #closed = new Map<string, NonNullable<WrittenEntry['closed']>>();
  #writing: Promise<void> = Promise.resolve();

  /** @throws CLI_USAGE for a folder with something in it: a sandbox is a new service, and goes on with no ledger. */
  constructor(folder: string) {
    if (existsSync(folder) && readdirSync(folder).length > 0) {
      refuseUsage(
        `--ledger is a new folder, or an empty one, and ${folder} has files in it. Each start is a new service: move the old ledger away, or name another folder.`,
      );
    }
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
  }

  write({ bytes, place: { name, begins }, closed }: WrittenEntry): void {
    appendFileSync(join(this.#folder, name), begins ? concatBytes(ChunkFile.openHeader, bytes) : bytes);
    if (closed !== undefined) this.#closed.set(closed.to, closed);
  }

  committed(files: readonly { readonly from: string; readonly to: string }[]): void {
    for (const { from, to } of files) {
      const closed = this.#closed.get(from);
      this.#closed.delete(from);
      if (closed !== undefined) this.#writing = this.#writing.then(() => this.#complete(closed, to));
    }
  }

  /** Resolves when all files are complete. */
  finished(): Promise<void> {
    return this.#writing;
  }

  async #complete({ from, header, table }: NonNullable<WrittenEntry['closed']>, to: string): Promise<void> {
    const open = join(this.#folder, from);
    const entries = new Uint8Array(readFileSync(open)).subarray(ChunkFile.openHeader.length);
    await durable.replace(join(this.#folder, to), concatBytes(header, entries, table));
    await durable.remove(open);
  }
}
