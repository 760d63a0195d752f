import { bytes, defineInterface, func, record, string } from '@enclos/edl';

/** The name that clients ask for in the handshake, and that the certificate names. */
export const serverName = 'tls-echo.test';

/** Ties evidence to this use: part of the quote's report data. */
export const evidencePurpose = 'enclos tls-echo v1';

export const tlsEcho = defineInterface({
  name: 'tls_echo',
  trusted: {
    /** The server's certificate, and a quote that binds its public key to the caller's nonce. */
    evidence: func(
      { nonce: bytes({ minBytes: 16, maxBytes: 64 }) },
      record({ certificate: string({ maxBytes: 4096 }), quote: bytes({ maxBytes: 65_536 }) }),
    ),
  },
  untrusted: {},
});
