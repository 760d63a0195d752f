import type { KvMap, KvTransaction } from '@enclos/kv';

import { fromHex, toHex } from '@enclos/codec';

/** A transaction over plain maps, for tests of what stands above the store. Previous writes have the seqno 7. */
export class MemoryTransaction implements KvTransaction {
  readonly readVersion = 7;
  readonly tables = new Map<string, Map<string, Uint8Array>>();
  writes = 0;

  map(name: string): KvMap {
    const rows = this.tables.get(name) ?? new Map<string, Uint8Array>();
    this.tables.set(name, rows);
    const write = (): void => {
      this.writes += 1;
    };
    return {
      name,
      get size() {
        return rows.size;
      },
      has: (key) => rows.has(toHex(key)),
      get: (key) => rows.get(toHex(key))?.slice(),
      versionOfPreviousWrite: (key) => (rows.has(toHex(key)) ? 7 : undefined),
      set(key, value) {
        write();
        rows.set(toHex(key), value.slice());
      },
      delete(key) {
        write();
        return rows.delete(toHex(key));
      },
      clear() {
        write();
        rows.clear();
      },
      forEach(visit) {
        for (const [key, value] of Array.from(rows)) if (visit(value.slice(), fromHex(key)) === false) return;
      },
    };
  }

  writeSet(): never {
    throw new Error('Not asked of this transaction.');
  }
}
