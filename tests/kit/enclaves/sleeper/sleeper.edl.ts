import { bytes, defineInterface, enumeration, func, string } from '@enclos/edl';

const what = string({ maxBytes: 64 });

/** An enclave that is in the middle of something for as long as one wants, and that ends in every way. */
export const sleeper = defineInterface({
  name: 'sleeper',
  trusted: {
    echo: func({ text: string({ maxBytes: 256 }) }, string({ maxBytes: 256 })),
    /** Tells the host, then never answers. */
    wait: func({}),
    /** Asks the host, and gives its answer. */
    ask: func({}, string({ maxBytes: 64 })),
    /** Tells the host, then computes for ever. */
    spin: func({}),
    /** Keeps the secret in memory as bytes and as text, and seals it for the host, over and over. */
    sealForever: func({ secret: bytes({ maxBytes: 1024 }) }),
    end: func({ how: enumeration('exception', 'rejection', 'heap', 'buffers', 'noise') }),
  },
  untrusted: {
    doing: func({ what }),
    answer: func({}, string({ maxBytes: 64 })),
    store: func({ sealed: bytes({ maxBytes: 4096 }) }),
  },
});
