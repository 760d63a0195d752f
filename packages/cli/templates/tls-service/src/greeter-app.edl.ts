import { defineInterface, func, string } from '@enclos/edl';

/** What the evidence is for: a quote made for another protocol does not pass at the client. */
export const purpose = 'greeter-app TLS key v1';

/** What the certificate names and clients ask for. No resolver knows it: the evidence says whose the key is. */
export const serverName = 'enclave.test';

/** The longest line, in bytes. */
export const maxRequestBytes = 1024;
export const maxAnswerBytes = 1024 * 1024;

/** The boundary. The host calls nothing: clients do, over TLS that ends inside. */
export const app = defineInterface({
  name: 'greeter_app',
  trusted: {},
  untrusted: {
    /** What vouches for the platform. The host may forge it, and the client verifies it. */
    endorsements: func({}, string({ maxBytes: 262_144 })),
  },
});
