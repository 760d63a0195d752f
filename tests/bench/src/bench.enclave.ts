import { defineEnclave, quote, quoteReportData, randomBytes, seal, unseal } from '@enclos/enclave';
import { bench } from './bench.edl.ts';

let given: Uint8Array = new Uint8Array();

export const application = defineEnclave(bench, {
  echo: ({ data }) => data,
  async sealing({ rounds, sizeBytes }) {
    const plaintext = randomBytes(sizeBytes);
    for (let i = 0; i < rounds; i++) await unseal(await seal(plaintext, { policy: 'signer' }), { policy: 'signer' });
  },
  take: ({ data }) => data.length,
  give({ sizeBytes }, { host }) {
    if (given.length !== sizeBytes) given = randomBytes(sizeBytes);
    return host.keep({ data: given });
  },
  quoteReportData: ({ reportData }) => quoteReportData(reportData),
  evidence: ({ nonce }) => quote({ purpose: 'bench', nonce }),
});
