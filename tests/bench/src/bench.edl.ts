import { bytes, defineInterface, func, nothing, uint32 } from '@enclos/edl';

const small = bytes({ maxBytes: 64 });

export const bench = defineInterface({
  name: 'bench',
  trusted: {
    echo: func({ data: small }, small),
    /** Seals and unseals `rounds` times, inside. */
    sealing: func({ rounds: uint32(), sizeBytes: uint32() }, nothing()),
    evidence: func({ nonce: bytes({ exactBytes: 32 }) }, bytes({ maxBytes: 65_536 })),
  },
  untrusted: {},
});
