import { defineInterface, enumeration, func, record, string, uint32 } from '@enclos/edl';

/** The boundary: both sides get their types from here, and every value has a bound. */
export const app = defineInterface({
  name: 'greeter_app',
  /** What the host calls in the enclave. */
  trusted: {
    greet: func(
      { name: string({ minBytes: 1, maxBytes: 64 }) },
      record({ greeting: string({ maxBytes: 128 }), count: uint32() }),
    ),
  },
  /** What the enclave calls on the host. It may lie. */
  untrusted: {
    timeOfDay: func({}, enumeration('morning', 'afternoon', 'evening')),
  },
});
