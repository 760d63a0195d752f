import { bytes, defineInterface, func, record, string, uint32 } from '@enclos/edl';

const pem = string({ maxBytes: 4096 });

/** An enclave that serves HTTP to whoever connects, and asks an issuer over HTTP. */
export const http = defineInterface({
  name: 'http',
  trusted: {
    /** Serves both listeners. The times of clients are the usual ones when 0 is given. */
    serve: func({ timesMs: uint32(), maxConnections: uint32() }),
    /** Ends serving, and waits for its end. */
    drain: func({}),
    certificate: func({}, pem),
    /** Another key and certificate for the next connections. */
    rotate: func({}, pem),
    counts: func({}, record({ begun: uint32(), aborted: uint32(), failed: uint32() })),
    /** Lets go what waits at /wait. */
    release: func({}),
    /** Asks the issuer over TLS that trusts this root and no other. */
    fetch: func(
      { root: pem, host: string({ maxBytes: 255 }), path: string({ maxBytes: 1024 }), timeoutMs: uint32() },
      record({ status: uint32(), type: string({ maxBytes: 256 }), body: bytes({ maxBytes: 65_536 }) }),
    ),
  },
  untrusted: {},
});
