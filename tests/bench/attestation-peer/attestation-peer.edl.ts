import { defineInterface, func, string } from '@enclos/edl';

/** What the attestation service is measured against: the same server, which signs the same claims again and again. */
export const attestationPeer = defineInterface({
  name: 'peer',
  trusted: {
    /** Begins to serve, with these claims (JSON) in every token. @returns the TLS certificate in PEM. */
    serve: func({ claims: string({ maxBytes: 65_536 }) }, string({ maxBytes: 65_536 })),
  },
  untrusted: {},
});
