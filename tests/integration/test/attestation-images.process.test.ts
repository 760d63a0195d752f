import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AttestationClient } from '@azure/attestation';
import { toHex } from '@enclos/codec';
import { readImage } from '@enclos/manifest';
import { measureImage } from '@enclos/sgx/node';
import { freePort } from '@enclos/testkit';
import { createWorkshop, loadClaimant, quoteFor, signedService, startTestService } from '@enclos/process-kit';

// docs/how-to/run-an-attestation-service.md#two-images: one that takes connections, and one for platforms that relay them.

const workshop = createWorkshop();
after(() => workshop.close());

test('the two images of the service differ in the transports of their manifests, and in nothing else', async () => {
  const signed = await signedService(workshop);
  const relayed = await signedService(workshop, { name: 'relayed', relayed: true });
  const [one, other] = [readImage(signed.image), readImage(relayed.image)];
  const transports = ({ manifest }: typeof one) =>
    [...manifest.listen, ...manifest.connect].map(({ name, transport }) => [name, transport]);
  assert.deepEqual(transports(one), [
    ['https', 'passed'],
    ['identity-provider', 'passed'],
  ]);
  assert.deepEqual(transports(other), [
    ['https', 'relayed'],
    ['identity-provider', 'relayed'],
  ]);
  const withoutTransports = ({ manifest: { listen, connect, ...rest } }: typeof one) => ({
    ...rest,
    listen: listen.map(({ name, port }) => ({ name, port })),
    connect: connect.map(({ name, host, port }) => ({ name, host, port })),
  });
  assert.deepEqual(withoutTransports(one), withoutTransports(other));
  assert.deepEqual([one.bundle, one.files], [other.bundle, other.files]);
  assert.notDeepEqual(measureImage(signed.image), measureImage(relayed.image));
});

test('both serve, and each says in its identity which one it is', async () => {
  const platform = await workshop.startPlatform('images');
  const claimant = await loadClaimant(await workshop.signed('claimant'), platform);
  const seen: string[] = [];
  for (const relayed of [false, true]) {
    const port = await freePort();
    const at = `https://localhost:${port}`;
    const { running, certificate } = await startTestService({
      signed: await signedService(workshop, { name: `relayed-${relayed}`, relayed }),
      launcher: platform,
      folder: join(workshop.folder, `service-${relayed}`),
      port,
    });
    const client = new AttestationClient(at, { tlsOptions: { ca: certificate } });
    const answer = await client.attestSgxEnclave(await quoteFor(claimant, new Uint8Array(0)));
    assert.equal(answer.body.mrEnclave, toHex(claimant.identity.mrEnclave));
    seen.push(toHex(running.mrEnclave));
    await running.stop();
  }
  assert.equal(new Set(seen).size, 2);
  await claimant.dispose();
});
