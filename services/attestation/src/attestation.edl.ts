import { bytes, defineInterface, func, option, string } from '@enclos/edl';
import { auditInterface } from '@enclos/service/audit';
import { maxRecordBytes, storeInterface } from '@enclos/service/store';

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
    ...storeInterface,
    ...auditInterface,
  },
});
