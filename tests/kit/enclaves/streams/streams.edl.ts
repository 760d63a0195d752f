import { bytes, defineInterface, enumeration, func, record, string, uint32, uint64 } from '@enclos/edl';

const name = string({ maxBytes: 64 });
const sha256 = bytes({ exactBytes: 32 });

/** An enclave that does with its connections what a test asks for. */
export const streams = defineInterface({
  name: 'streams',
  trusted: {
    /**
     * Takes the connections of a listener from now on. `echo`: sends back what comes; `answer`: reads to the end, then
     * answers its size; `greet`: ends at once after a word, and counts what comes after; `flood`: sends for as long as
     * there is room; `hold`: neither reads nor sends; `tls`: echoes, inside TLS; `tls-flood`: floods inside TLS;
     * `late`: echoes inside TLS, which begins only after the first bytes have arrived.
     */
    serve: func({
      listener: name,
      manner: enumeration('echo', 'answer', 'greet', 'flood', 'hold', 'tls', 'tls-flood', 'late'),
    }),
    /** Serves no more connections of any listener. */
    stop: func({}),
    /** What the connections have come to, what those that are held have not read, and how many listeners the host has refused. */
    counts: func(
      {},
      record({
        accepted: uint32(),
        read: uint64(),
        unread: uint64(),
        written: uint64(),
        ended: uint32(),
        refused: uint32(),
      }),
    ),
    /** Connects, sends so many bytes in pieces of any size while it reads them back, and ends. */
    exchange: func(
      { destination: name, sizeBytes: uint32(), seed: uint32() },
      record({ sent: sha256, received: sha256, receivedBytes: uint32() }),
    ),
    /** Connects and keeps the connection. */
    hold: func({ destination: name }),
    /** Heap and buffers, in bytes. */
    memory: func({}, uint64()),
    /** Calls the host back. */
    ask: func({}, string({ maxBytes: 64 })),
    certificate: func({}, string({ maxBytes: 2048 })),
  },
  untrusted: { answer: func({}, string({ maxBytes: 64 })) },
});
