import { boolean, bytes, defineInterface, func, string, uint32, uint64 } from '@enclos/edl';
import { storeRows } from '@enclos/service/store';

/** A model crosses in parts of this size. */
export const modelPartBytes = 1_048_576;

/** A catalogue names at most 1024 models. */
export const maxCatalogueBytes = 1_400_000;

/**
 * Between the service inside and the program that hosts it. The host gives bytes of models, which are believed by their digest, a
 * catalogue, which is believed by its signature, and endorsements, which clients verify.
 */
export const inference = defineInterface({
  name: 'inference',
  trusted: {
    /** Loads the measured models and begins to serve, once. Answers what the log of the host may say, as JSON. */
    serve: func({}, string({ maxBytes: 65_536 })),
    /** Begins no new request, and ends when those that are there have their answers. */
    drain: func({}),
    /** What was done, in the text format of Prometheus. */
    counters: func({}, string({ maxBytes: 1_048_576 })),
  },
  untrusted: {
    /** Bytes of the file of a model, from an offset: as many as were asked for, or fewer at its end. */
    modelPart: func(
      {
        name: string({ maxBytes: 128 }),
        version: string({ maxBytes: 64 }),
        encrypted: boolean(),
        offset: uint64(),
        sizeBytes: uint32(),
      },
      bytes({ maxBytes: modelPartBytes }),
    ),
    /** The signed catalogue of models; empty where there is none. */
    catalogue: func({}, string({ maxBytes: maxCatalogueBytes })),
    /** What outlives the enclave, sealed. */
    ...storeRows(4096),
    /** What clients verify the service's evidence with, as one JSON document. */
    endorsements: func({}, string({ maxBytes: 262_144 })),
    /** At which of the destinations `replica-1` to `replica-8` an enclave may be now: a bit each, the lowest for the first. */
    replicas: func({}, uint32()),
  },
});
