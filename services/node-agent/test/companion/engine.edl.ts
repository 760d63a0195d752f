import { defineInterface, func, string } from '@enclos/edl';

/** What the companion serves. */
export const engine = defineInterface({
  name: 'engine',
  trusted: { shout: func({ text: string({ maxBytes: 256 }) }, string({ maxBytes: 512 })) },
  untrusted: {},
});
