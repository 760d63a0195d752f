import { defineInterface, enumeration, func, string, uint32 } from '@enclos/edl';

const text = string({ maxBytes: 1000 });

/** An enclave that serves attested TLS, and calls others of its kind over it. */
export const attested = defineInterface({
  name: 'attested',
  trusted: {
    /**
     * Whom it trusts. From the host only because the test makes the root when it runs: a real one has
     * the root measured, or its host could name one of its own.
     */
    trust: func({ root: string({ maxBytes: 4096 }), endorsements: string({ maxBytes: 524_288 }) }),
    /** Sends a text to the peer, which is to be the same image, and reads its answer. */
    ask: func({ text, mode: enumeration('fresh', 'cached') }, text),
    /** Makes a new key and new evidence. */
    rotate: func({}),
    /** How many clients were refused by the listener for peers. */
    refused: func({}, uint32()),
  },
  untrusted: {},
});
