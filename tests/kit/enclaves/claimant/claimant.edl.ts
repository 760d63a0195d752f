import { bytes, defineInterface, func } from '@enclos/edl';

/** An enclave that gives evidence over whatever it is asked for: what attestation services are tested with. */
export const claimant = defineInterface({
  name: 'claimant',
  trusted: {
    quote: func({ reportData: bytes({ exactBytes: 64 }) }, bytes({ maxBytes: 65_536 })),
  },
  untrusted: {},
});
