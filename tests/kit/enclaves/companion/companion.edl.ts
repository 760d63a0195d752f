import { defineInterface, func, string, uint32 } from '@enclos/edl';

const text = string({ maxBytes: 256 });

/** An enclave whose answers come from a companion. */
export const companion = defineInterface({
  name: 'companion',
  trusted: {
    /** Waits until so many processes run. */
    ready: func({ processes: uint32() }),
    /** What the file of the companion says, and the text, in capitals. */
    ask: func({ text }, string({ maxBytes: 512 })),
    /** Fails with the code of what the companion throws. */
    fail: func({}, text),
    /** Has a process end in the middle of a call. @returns the code of the error that the call fails with */
    crash: func({}, text),
    /** What the runtime finds of companions that enclave.json does not declare. */
    undeclared: func({}, text),
  },
  untrusted: {},
});
