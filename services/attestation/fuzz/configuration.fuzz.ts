import { isEnclosError } from '@enclos/errors';
import { configurationDigest } from '../src/configuration/configuration-digest.ts';
import { parseConfiguration } from '../src/configuration/parse-configuration.ts';
import { isolated, tenantFile } from '../test/site.ts';

const full = {
  ...tenantFile(isolated),
  baseline: { evaluationDataNumber: 17, acceptedStatuses: ['OK'], verificationTime: '2026-01-01T00:00:00Z' },
  tokens: { algorithm: 'ES256', validityMinutes: 5 },
};

export const seeds: readonly Uint8Array[] = [
  { tenants: [{ issuer: 'https://a.example', trustModel: 'shared' }] },
  {
    tenants: [full],
    allowTestSettings: true,
    limits: { attestPerSecond: 1 },
    keys: { rotateMinutes: 30, testSeconds: { rotate: 4, overlap: 2 } },
  },
].map((value) => new Uint8Array(Buffer.from(JSON.stringify(value))));

/** The text of a configuration comes from the host: read, and then it is read to the same again, or refused with a list. */
export function fuzz(data: Uint8Array): void {
  try {
    const configuration = parseConfiguration(Buffer.from(data).toString());
    const again = parseConfiguration(JSON.stringify(configuration));
    configuration.tenants.forEach((tenant, i) => {
      const same = again.tenants[i];
      if (same === undefined || configurationDigest(same, again) !== configurationDigest(tenant, configuration)) {
        throw new Error('What was read is not what it says.');
      }
    });
  } catch (error) {
    if (!isEnclosError(error, 'ATTESTATION_CONFIGURATION_INVALID')) throw error;
    if (!Array.isArray(error.details['problems']) || error.details['problems'].length === 0) throw error;
  }
}
