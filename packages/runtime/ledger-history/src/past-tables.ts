import { KvStore, type KvTransaction } from '@enclos/kv';
import type { MapChanges, SnapshotRow, WriteSet } from '@enclos/ledger';

/** Between two looks at the time, whichever is reached first: both take about a millisecond. */
const rowsAtOnce = 1024;
const bytesAtOnce = 1024 ** 2;
/** The entry was held to the limits of its time: those of now give no reason to hide what it wrote. */
const limits = Object.freeze({ nameBytes: Infinity, keyBytes: Infinity, valueBytes: Infinity });

/**
 * Begins a transaction that shows what a transaction of the past wrote, and nothing else, as in CCF. Its tables are built now, which
 * takes a millisecond for about a thousand rows.
 *
 * @param checkTime called before the first row, and between parts of the work; what it throws ends the work
 * @throws KV_FULL, and KV_MISUSED for a write set that holds a map or a key twice.
 */
export function beginPast(seqno: number, writeSet: WriteSet, checkTime: () => void = () => undefined): KvTransaction {
  const looks = new Looks(checkTime);
  const maps = writeSet.map((changes) => ({
    name: changes.name,
    version: seqno,
    rows: { [Symbol.iterator]: () => rowsOf(seqno, changes, looks) },
  }));
  return KvStore.load({ version: seqno, maps }, { limits }).begin();
}

function* rowsOf(version: number, { writes }: MapChanges, looks: Looks): Generator<SnapshotRow, void> {
  // A map without rows takes about as long as a row.
  looks.before(0);
  for (const [key, value] of writes) {
    looks.before(key.length + value.length);
    yield { key, value, version };
  }
}

/** Counts the work, and looks at the time before each part of it. */
class Looks {
  readonly #checkTime: () => void;
  #rows = rowsAtOnce;
  #bytes = 0;

  constructor(checkTime: () => void) {
    this.#checkTime = checkTime;
  }

  before(bytes: number): void {
    if (this.#rows >= rowsAtOnce || this.#bytes >= bytesAtOnce) {
      this.#checkTime();
      this.#rows = 0;
      this.#bytes = 0;
    }
    this.#rows += 1;
    this.#bytes += bytes;
  }
}
