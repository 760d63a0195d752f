import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attestedFetch } from '@enclos/atls/fetch';
import { startEnclave } from '@enclos/testing';
import { app } from '../src/greeter-app.edl.ts';

test('counts votes, for a client that has checked which enclave counts', async () => {
  const enclave = await startEnclave(app, {
    untrusted: (launcher) => ({ endorsements: () => launcher.endorsements() }),
    // Any free port.
    listen: { clients: { port: 0 } },
  });
  const { rootFingerprint } = await enclave.launcher.describe();
  const policy = {
    mrEnclave: [hex(enclave.identity.mrEnclave)],
    productId: 1,
    minimumSecurityVersion: 1,
    acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: ['ENCLOS-SA-00001'],
    intelRoot: false,
    softwareRoots: [hex(rootFingerprint)],
  } as const;
  const url = `https://127.0.0.1:${enclave.listeners['clients']?.port}`;

  const fetch = attestedFetch({ policy });
  const vote = async (choice: string) => (await fetch(`${url}/vote`, { method: 'POST', body: choice })).status;
  assert.deepEqual([await vote('tea'), await vote('coffee'), await vote('tea')], [200, 200, 200]);
  assert.equal(await vote('water'), 400);
  assert.deepEqual(await (await fetch(`${url}/result`)).json(), { tea: 2, coffee: 1 });
  await fetch.close();

  const strict = attestedFetch({ policy: { ...policy, mrEnclave: ['00'.repeat(32)] } });
  await assert.rejects(strict(`${url}/result`), { code: 'APPRAISAL_REFUSED' });
  await strict.close();
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
