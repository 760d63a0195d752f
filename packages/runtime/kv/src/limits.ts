import type { MapChanges } from '@enclos/ledger';
import { EnclosError } from '@enclos/errors';

/** What a store accepts and holds, in bytes. It is looked at before memory is taken. */
export interface KvLimits {
  readonly nameBytes: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Keys that one transaction reads, and keys and values that it writes, with 64 bytes for each key. */
  readonly transactionBytes: number;
  /** All that the store holds, versions of the past included. A slab or a table that grows may go beyond it by its own size. */
  readonly storeBytes: number;
}

/** A transaction may be as large as a message of CCF (`memory.max_msg_size`). */
export const defaultKvLimits: KvLimits = {
  nameBytes: 1024,
  keyBytes: 1024 ** 2,
  valueBytes: 64 * 1024 ** 2,
  transactionBytes: 64 * 1024 ** 2,
  storeBytes: 1024 ** 3,
};

/** For each key that a transaction touches, beside its bytes. */
export const touchedKeyBytes = 64;

/** @throws KV_TOO_LARGE */
export function requireAtMost(limits: KvLimits, limit: keyof KvLimits, length: number): void {
  if (length <= limits[limit]) return;
  throw new EnclosError(
    'KV_TOO_LARGE',
    `${subjects[limit]} has ${length} bytes: at most ${limits[limit]} are allowed (${limit}).`,
    {
      details: { limit, maximum: limits[limit] },
    },
  );
}

const subjects: Readonly<Record<keyof KvLimits, string>> = {
  nameBytes: 'The name of a map',
  keyBytes: 'A key',
  valueBytes: 'A value',
  transactionBytes: 'A transaction',
  storeBytes: 'The store',
};

/** The words of a record beside its key and value, of its place in a table, and of what undoes it. */
const recordBytes = 64;

/**
 * @param heldBytes what the store holds now
 * @throws KV_FULL
 */
export function requireRoom(
  limits: KvLimits,
  heldBytes: number,
  writeSet: readonly Pick<MapChanges, 'writes' | 'removes'>[],
): void {
  let needed = heldBytes;
  for (const { writes, removes } of writeSet) {
    for (const [key, value] of writes) needed += key.length + value.length + recordBytes;
    for (const key of removes) needed += key.length + recordBytes;
  }
  if (needed <= limits.storeBytes) return;
  throw new EnclosError('KV_FULL', `The store would hold ${needed} bytes: at most ${limits.storeBytes} are allowed.`, {
    details: { maximum: limits.storeBytes },
  });
}
