import { defineEnclave, quote, seal, unseal } from '@enclos/enclave';
import { device } from './device.edl.ts';

export const application = defineEnclave(device, {
  echo: ({ value }) => value,
  seal: ({ plaintext }) => seal(plaintext, { policy: 'enclave' }),
  unseal: ({ blob }) => unseal(blob, { policy: 'enclave' }),
  quote: ({ purpose, nonce }) => quote({ purpose, nonce, key: undefined }),
  wait: () => new Promise<Uint8Array>(() => undefined),
});
