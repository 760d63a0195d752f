export interface MemoryRow {
  readonly version: bigint;
  readonly bytes: Uint8Array;
}

/** What `StoreFunctions` of `@enclos/service` are, on which this package does not depend. Tests replace them. */
interface Functions {
  storeRead(row: { readonly key: string }): Promise<MemoryRow | undefined>;
  storeWrite(row: { readonly key: string; readonly version: bigint; readonly bytes: Uint8Array }): Promise<boolean>;
  storeKeys(query: { readonly prefix: string }): Promise<string>;
  storeRemove(row: { readonly key: string; readonly version: bigint }): Promise<boolean>;
}

/** A store in memory, and what a hostile one does: its rows can be changed at will, and its answers replaced. */
export class MemoryStore {
  readonly rows = new Map<string, MemoryRow>();
  /** Is asked before a row is given out; what it returns is given instead. */
  onRead: (row: MemoryRow | undefined, key: string) => MemoryRow | undefined = (row) => row;
  /** Is asked before a write or removal is done: what it throws is the answer. */
  onWrite: (key: string) => void = () => undefined;
  /** Is asked after it was done. */
  onWritten: (key: string) => void = () => undefined;
  reads = 0;
  #lastVersion = 0n;

  readonly functions: Functions = {
    storeRead: async ({ key }) => {
      this.reads++;
      const row = this.onRead(this.rows.get(key), key);
      return row === undefined ? undefined : { version: row.version, bytes: row.bytes.slice() };
    },
    storeWrite: async ({ key, version, bytes }) => {
      this.onWrite(key);
      if ((this.rows.get(key)?.version ?? 0n) !== version) return false;
      this.put(key, bytes);
      this.onWritten(key);
      return true;
    },
    storeKeys: async ({ prefix }) =>
      JSON.stringify([...this.rows.keys()].filter((key) => key.startsWith(prefix)).toSorted()),
    storeRemove: async ({ key, version }) => {
      this.onWrite(key);
      return this.rows.get(key)?.version === version && this.rows.delete(key);
    },
  };

  put(key: string, bytes: Uint8Array): void {
    this.#lastVersion += 1n;
    this.rows.set(key, { version: this.#lastVersion, bytes: bytes.slice() });
  }

  /** The only row. */
  get row(): MemoryRow {
    const [row, ...others] = this.rows.values();
    if (row === undefined || others.length > 0) throw new Error('Not one row.');
    return row;
  }

  get key(): string {
    const [key] = this.rows.keys();
    if (key === undefined) throw new Error('No row.');
    return key;
  }
}
