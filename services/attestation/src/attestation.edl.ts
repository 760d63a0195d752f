import { boolean, bytes, defineInterface, func, option, record, string, uint64 } from '@enclos/edl';

/** The largest record that the store keeps, in bytes. A policy has at most 1 MB. */
export const maxRecordBytes = 4_194_304;

const key = string({ minBytes: 1, maxBytes: 256 });
const version = uint64();
const stored = record({ version, bytes: bytes({ maxBytes: maxRecordBytes }) });

/**
 * Between the service inside and the program that hosts it. What is untrusted
 * here is the whole of collateral, store and clock: the enclave believes none of
 * it without a signature, a seal or a bound.
 */
export const attestation = defineInterface({
  name: 'attestation',
  trusted: {
    /** Takes the configuration (JSON text), once, and begins to serve. Answers what clients need, as JSON. */
    serve: func({ configuration: string({ maxBytes: 1_048_576 }) }, string({ maxBytes: 1_048_576 })),
    /** Begins no new request, and ends when those that are there have their answers. */
    drain: func({}),
    /** Numbers about what was done, as JSON: for the host's metrics. */
    counters: func({}, string({ maxBytes: 1_048_576 })),
  },
  untrusted: {
    /** Endorsements for evidence: `request` and answer are JSON. Nothing when no source has them. */
    endorsements: func({ request: string({ maxBytes: 65_536 }) }, option(bytes({ maxBytes: maxRecordBytes }))),
    /** What is kept under a key, with a version that changes with every write. */
    storeRead: func({ key }, option(stored)),
    /** Replaces what has this version (0: nothing is there yet). False when somebody else was faster. */
    storeWrite: func({ key, version, bytes: bytes({ maxBytes: maxRecordBytes }) }, boolean()),
    /** The keys that begin with `prefix`, at most 1000, as a JSON array. */
    storeKeys: func({ prefix: key }, string({ maxBytes: 1_048_576 })),
    /** Removes what has this version. False when it has another one by now. */
    storeRemove: func({ key, version }, boolean()),
    /** One line of the audit log, JSON. The enclave waits for it before it answers what the line is about. */
    audit: func({ line: string({ maxBytes: 65_536 }) }),
  },
});
