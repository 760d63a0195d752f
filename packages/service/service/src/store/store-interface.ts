import { boolean, bytes, func, option, record, string, uint64, type Caller, type CallOptions } from '@enclos/edl';

/** The largest record that a store keeps, in bytes. */
export const maxRecordBytes = 4_194_304;

const key = string({ minBytes: 1, maxBytes: 256 });
const version = uint64();

/** The functions for rows of up to `maxBytes`, for an enclave that keeps little and lists nothing. */
// What `func` makes of its arguments is the type.
// eslint-disable-next-line typescript/explicit-function-return-type
export const storeRows = (maxBytes: number) =>
  ({
    /** What is kept under a key, with a version that changes with every write. */
    storeRead: func({ key }, option(record({ version, bytes: bytes({ maxBytes }) }))),
    /** Replaces what has this version (0: nothing is there yet). False when another writer was faster. */
    storeWrite: func({ key, version, bytes: bytes({ maxBytes }) }, boolean()),
  }) as const;

/**
 * The store as an enclave calls it: untrusted functions for the interface of a service.
 *
 * @example
 * defineInterface({ name: 'ledger', trusted: { ... }, untrusted: { ...storeInterface, ... } });
 */
export const storeInterface = {
  ...storeRows(maxRecordBytes),
  /** The keys that begin with `prefix`, at most 1000, as a JSON array. */
  storeKeys: func({ prefix: key }, string({ maxBytes: 1_048_576 })),
  /** Removes what has this version. False when it has another one by now. */
  storeRemove: func({ key, version }, boolean()),
} as const;

/** The host's store. What it answers is untrusted. */
export type StoreFunctions = Caller<typeof storeInterface>;

/** A store that never answers must not stop a service for ever. */
export const storeCall: CallOptions = Object.freeze({ timeoutMs: 15_000 });
