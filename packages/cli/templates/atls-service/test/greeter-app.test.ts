import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { attestedFetch } from '@enclos/atls/fetch';
import { softwareRoot } from '@enclos/attestation';
import { startEnclave } from '@enclos/testing';
import { app } from '../src/greeter-app.edl.ts';

const { listeners, identity, launcher } = await startEnclave(app, {
  untrusted: { endorsements: () => '' },
  // Any free port.
  listen: { clients: { port: 0 } },
});
const url = `https://localhost:${listeners['clients']?.port}`;
const root = await softwareRoot((await launcher.describe()).rootCertificate);
const policy = {
  mrEnclave: [Buffer.from(identity.mrEnclave).toString('hex')],
  minimumSecurityVersion: 1,
  // The platform of tests is software for one user, and says so in its evidence.
  acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
  acceptedAdvisoryIds: ['ENCLOS-SA-00001'],
  intelRoot: false,
  softwareRoots: [root.fingerprint],
} as const;
const collateral = (): Promise<string> => launcher.endorsements();
const fetch = attestedFetch({ policy, collateral });
after(() => fetch.close());

test('counts votes, and refuses what is not a choice', async () => {
  const vote = (body: string) => fetch(`${url}/vote`, { method: 'POST', body });
  assert.equal(await (await vote('tea')).text(), 'counted\n');
  assert.equal((await vote('milk')).status, 400);
  assert.equal((await fetch(`${url}/vote`)).status, 405);
  assert.equal((await fetch(`${url}/other`)).status, 404);
  assert.deepEqual(await (await fetch(`${url}/result`)).json(), { tea: 1 });
});

test('is refused by a client that expects another enclave', async () => {
  const other = attestedFetch({ policy: { ...policy, mrEnclave: ['00'.repeat(32)] }, collateral });
  await assert.rejects(other(`${url}/result`), { code: 'APPRAISAL_REFUSED' });
  await other.close();
});
