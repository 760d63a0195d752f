import { defineInterface, func, string } from '@enclos/edl';

const text = string({ maxBytes: 256 });

/** What the companion serves. */
export const engine = defineInterface({
  name: 'engine',
  trusted: {
    shout: func({ text }, string({ maxBytes: 512 })),
    fail: func({}),
    crash: func({}),
  },
  untrusted: {},
});
