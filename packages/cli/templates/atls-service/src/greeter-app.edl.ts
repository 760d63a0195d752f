import { defineInterface, func, string } from '@enclos/edl';

/** The boundary. The host calls nothing: clients do, over attested TLS that ends inside. */
export const app = defineInterface({
  name: 'greeter_app',
  trusted: {},
  untrusted: {
    /** What vouches for the platform. The host may hold it back, and clients verify it. */
    endorsements: func({}, string({ maxBytes: 262_144 })),
  },
});
