import { bytes, defineInterface, func, record, string } from '@enclos/edl';

/** What the evidence is for: a quote made for another protocol does not pass at the client. */
export const purpose = 'greeter-app signing key v1';

/** The boundary: both sides get their types from here, and every value has a bound. */
export const app = defineInterface({
  name: 'greeter_app',
  trusted: {
    evidence: func(
      { nonce: bytes({ exactBytes: 32 }) },
      record({ quote: bytes({ maxBytes: 65_536 }), publicKey: bytes({ exactBytes: 65 }) }),
    ),
    /** Signs what it is given, with a key that no other process has. */
    sign: func({ statement: string({ minBytes: 1, maxBytes: 4096 }) }, bytes({ exactBytes: 64 })),
  },
  untrusted: {},
});
