import { defineEnclave, quote, randomBytes, seal, unseal } from '@enclos/enclave';
import { bench } from './bench.edl.ts';

export const application = defineEnclave(bench, {
  echo: ({ data }) => data,
  async sealing({ rounds, sizeBytes }) {
    const plaintext = randomBytes(sizeBytes);
    for (let i = 0; i < rounds; i++) await unseal(await seal(plaintext, { policy: 'signer' }), { policy: 'signer' });
  },
  evidence: ({ nonce }) => quote({ purpose: 'bench', nonce }),
});
