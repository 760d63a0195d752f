import { defineInterface, func, string } from '@enclos/edl';

export const httpsServer = defineInterface({
  name: 'httpsServer',
  trusted: {
    /** The only root that a client needs, in PEM. */
    certificate: func({}, string({ maxBytes: 4096 })),
  },
  untrusted: {},
});
