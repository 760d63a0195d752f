import { array, boolean, defineInterface, func, record, string } from '@enclos/edl';

const name = string({ maxBytes: 64 });
/** `detail` says what was got, or how it was refused. */
const outcome = record({ succeeded: boolean(), detail: string({ maxBytes: 4096 }) });

/** An enclave that tries to reach what an enclave must not reach, and says how it went. */
export const hostile = defineInterface({
  name: 'hostile',
  trusted: {
    attempts: func({}, array(name, { maxItems: 256 })),
    attempt: func({ name }, outcome),
    /** Asks the loader for a module of Node. */
    requireModule: func({ name }, outcome),
    /** What honest libraries need. */
    needs: func({}, array(name, { maxItems: 256 })),
    need: func({ name }, outcome),
  },
  untrusted: {},
});
