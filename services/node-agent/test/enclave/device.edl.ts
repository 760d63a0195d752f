import { bytes, defineInterface, func, string, uint32 } from '@enclos/edl';

const content = bytes({ maxBytes: 65_536 });

/** What a pod does with an enclave that it loaded through its device. */
export const device = defineInterface({
  name: 'device',
  trusted: {
    echo: func({ value: content }, content),
    seal: func({ plaintext: content }, content),
    unseal: func({ blob: content }, content),
    quote: func({ purpose: string({ maxBytes: 255 }), nonce: bytes({ maxBytes: 64 }) }, content),
    /** REPORT for whoever this TARGETINFO is of. */
    report: func({ target: bytes({ exactBytes: 512 }) }, bytes({ exactBytes: 432 })),
    /** Takes so much memory and keeps it. */
    take: func({ mebibytes: uint32() }, uint32()),
    /** Has no answer. */
    wait: func({}, content),
  },
  untrusted: {},
});
