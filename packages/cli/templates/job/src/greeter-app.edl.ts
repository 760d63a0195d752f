import { bytes, defineInterface, func, record, string, uint32 } from '@enclos/edl';

/** The purpose of the evidence: a verifier refuses a quote made for another protocol. */
export const purpose = 'greeter-app result v1';

/** The boundary: both sides get their types from here, and every value has a bound. */
export const app = defineInterface({
  name: 'greeter_app',
  trusted: {
    /** Does the whole job. The challenge comes from the client that ordered it, so that the result is for that order. */
    run: func(
      { challenge: bytes({ exactBytes: 32 }) },
      record({ files: uint32(), result: string({ maxBytes: 65_536 }), evidence: bytes({ maxBytes: 65_536 }) }),
    ),
  },
  untrusted: {},
});
