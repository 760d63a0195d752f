import { bytes, defineInterface, func, nothing, option, string, uint32, uint8 } from '@enclos/edl';

const data = bytes({ maxBytes: 300_000 });
const depth = uint8();

/** What is killed, starved and loaded: a counter in sealed storage, and some of every other kind of call. */
export const subject = defineInterface({
  name: 'subject',
  trusted: {
    /** The counter on the host's disk; nothing before the first. Throws when what is there is not whole. */
    found: func({}, option(uint32())),
    /** Unseals the counter, adds one, seals it and stores it. Answers when it is on the disk. */
    advance: func({}, uint32()),
    echo: func({ data }, data),
    /** Goes back and forth over the gate so many times. */
    nest: func({ depth, data }, data),
    /** Ends when it is cancelled, and not before. */
    wait: func({}, nothing()),
    /** Seals and unseals. */
    sealing: func({ data }, data),
    /** Writes a file of the host, reads it and removes it. */
    file: func({ name: string({ minBytes: 1, maxBytes: 64 }), data }, data),
    evidence: func({ nonce: bytes({ exactBytes: 32 }) }, bytes({ maxBytes: 65_536 })),
  },
  untrusted: {
    /** Says which step comes next. */
    at: func({ step: string({ maxBytes: 32 }) }, nothing()),
    nest: func({ depth, data }, data),
  },
});
