import { defineInterface, func, string } from '@enclos/edl';

/** An enclave whose answers come from its companion. */
export const shouter = defineInterface({
  name: 'shouter',
  trusted: { ask: func({ text: string({ maxBytes: 256 }) }, string({ maxBytes: 512 })) },
  untrusted: {},
});
