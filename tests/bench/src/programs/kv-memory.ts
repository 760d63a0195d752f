import { KvStore } from '@enclos/kv';
import { Map as PersistentMap } from 'immutable';

/**
 * Fills one store with so many keys and values of 24 bytes, a thousand in a transaction, and says how many bytes more the process
 * holds. Arguments: `kv`, `map` or `immutable`, and the number of entries. It runs with `--expose-gc`.
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

const before = heldBytes();
const filled = fillers[kind]?.();
process.stdout.write(`${filled === undefined ? Number.NaN : heldBytes() - before}\n`);
// What was filled lives until here.
globalThis.gc?.();
if (filled === undefined) process.exitCode = 1;

function heldBytes(): number {
  globalThis.gc?.();
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
}
