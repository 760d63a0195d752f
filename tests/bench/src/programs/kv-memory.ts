import { KvStore } from '@enclos/kv';
import { Map as PersistentMap } from 'immutable';

/**
 * Fills one store with so many keys and values of 24 bytes, a thousand in a transaction, and says how many bytes more the process
 * holds, how many more it uses, and how many the store itself counts. Arguments: `kv`, `map` or `immutable`, and the number of entries. It runs with `--expose-gc`.
 */
const [kind = '', count = ''] = process.argv.slice(2);
const entries = Number(count);

const keyOf = (at: number): Uint8Array => Buffer.from(String(at).padStart(24, '0'), 'latin1');
const textOf = (at: number): string => String(at).padStart(24, '0');

const fillers: Readonly<Record<string, () => unknown>> = {
  kv() {
    const store = new KvStore();
    for (let from = 0; from < entries; from += 1000) {
      const transaction = store.begin();
      const map = transaction.map('m');
      for (let at = from; at < from + 1000; at++) map.set(keyOf(at), new Uint8Array(24));
      store.commit(transaction);
      store.compact(store.version);
    }
    return store;
  },
  map() {
    const map = new Map<string, Uint8Array>();
    for (let at = 0; at < entries; at++) map.set(textOf(at), new Uint8Array(24));
    return map;
  },
  immutable() {
    return PersistentMap<string, Uint8Array>().withMutations((map) => {
      for (let at = 0; at < entries; at++) map.set(textOf(at), new Uint8Array(24));
    });
  },
};

const before = memory();
const filled = fillers[kind]?.();
const after = memory();
const counted = filled instanceof KvStore ? filled.heldBytes : 0;
const known = filled === undefined ? Number.NaN : 1;
process.stdout.write(`${known * (after.held - before.held)} ${after.used - before.used} ${counted}\n`);

/** With the room of the heap that is not used, and without. */
function memory(): { readonly held: number; readonly used: number } {
  globalThis.gc?.();
  const { heapTotal, heapUsed, external } = process.memoryUsage();
  return { held: heapTotal + external, used: heapUsed + external };
}
