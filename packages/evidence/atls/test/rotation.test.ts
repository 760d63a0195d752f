import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { attestedConnect, createClientIdentity } from '../src/index.ts';
import { peerCertificateOf, type PeerCertificate } from '../src/peer.ts';
import { exchangeAsClient } from '../src/exchange.ts';
import { snapshotOf } from '../src/identity.ts';
import { openRaw } from './attacker.ts';
import { appraise, codeOf, echo, eventually, startEcho, tee } from './scene.ts';

test('a rotated server keeps the connections that it has, and shows the new key to those that come', async () => {
  const { address, server } = await startEcho();
  const before = server.identity.certificate;
  const { socket } = await attestedConnect({ ...address, appraise });
  const rotations = [server.identity.rotate(), server.identity.rotate()];
  await Promise.all(rotations);
  assert.notEqual(server.identity.certificate, before);
  assert.equal(await echo(socket, 'still here'), 'still here');
  const raw = await openRaw(address);
  assert.equal(raw.getPeerX509Certificate()?.toString(), server.identity.certificate);
  for (const each of [socket, raw]) each.destroy();
});

test('a rotation in the middle of an exchange does not mix two keys', async () => {
  const { address, server } = await startEcho();
  const connecting = Array.from({ length: 20 }, (_, i) =>
    attestedConnect({ ...address, appraise, leastMode: i % 2 === 0 ? 'fresh' : 'cached' }),
  );
  for (let i = 0; i < 5; i++) await server.identity.rotate();
  for (const { socket } of await Promise.all(connecting)) socket.destroy();
});

test('an identity whose evidence cannot be made stays as it is', async () => {
  const source = tee.evidenceOf('server');
  let works = true;
  const { address, server } = await startEcho({
    evidence: (reportData) => (works ? source(reportData) : Promise.reject(new Error('not now'))),
  });
  const before = server.identity.certificate;
  works = false;
  await assert.rejects(server.identity.rotate(), { code: 'ATLS_EVIDENCE_UNAVAILABLE' });
  assert.equal(server.identity.certificate, before);
  works = true;
  const { socket } = await attestedConnect({ ...address, appraise });
  assert.equal(await echo(socket, 'still here'), 'still here');
  socket.destroy();
  await server.identity.rotate();
  assert.notEqual(server.identity.certificate, before);
});

test('a policy that changed counts from the next connection on', async () => {
  const policy = { measurements: ['server'] };
  const { address } = await startEcho();
  const options = { ...address, appraise: tee.appraiser(policy) };
  const { socket } = await attestedConnect(options);
  policy.measurements = ['server of next year'];
  await assert.rejects(attestedConnect(options), { code: 'APPRAISAL_REFUSED' });
  assert.equal(await echo(socket, 'still here'), 'still here');
  socket.destroy();
});

test('evidence that is too old, or of the future, is refused until its server rotates', async () => {
  let now = new Date('2026-05-01T00:00:00Z');
  const { address, server } = await startEcho({ now: () => now, acceptRelayableRaTls: true });
  const cached = { ...address, appraise, leastMode: 'cached', cachedEvidenceMaximumAgeMs: 3_600_000 } as const;
  const at = (time: string): Promise<string> =>
    attestedConnect({ ...cached, now: () => new Date(time) }).then(({ socket }) => {
      socket.destroy();
      return 'accepted';
    }, codeOf);
  assert.equal(await at('2026-05-01T00:59:59Z'), 'accepted');
  assert.equal(await at('2026-04-30T23:56:00Z'), 'accepted');
  assert.equal(await at('2026-05-01T01:00:01Z'), 'ATLS_EVIDENCE_STALE');
  assert.equal(await at('2026-04-30T23:54:00Z'), 'ATLS_EVIDENCE_STALE');
  assert.equal(await at('not a date'), 'ATLS_EVIDENCE_STALE');
  // Fresh evidence has the age of the nonce.
  const { socket } = await attestedConnect({ ...cached, leastMode: 'fresh', now: () => new Date('2027-01-01') });
  socket.destroy();
  now = new Date('2026-05-01T01:00:00Z');
  await server.identity.rotate();
  assert.equal(await at('2026-05-01T01:00:01Z'), 'accepted');
});

/** A client that resumes a session, and remembers whose it was: TLS shows the certificate only once. */
async function sessionOf(
  address: { readonly host: string; readonly port: number },
  keys: { readonly key: string; readonly cert: string },
): Promise<{ readonly session: Buffer; readonly server: PeerCertificate }> {
  const socket = await openRaw(address, keys);
  const [session] = (await once(socket.resume(), 'session')) as [Buffer];
  const server = peerCertificateOf(socket, undefined);
  socket.destroy();
  return { session, server };
}

test('a resumed connection runs the whole exchange, and is refused when the policy changed', async () => {
  const policy = { measurements: ['client'] };
  const { address, refusals, accepted, received } = await startEcho({
    clients: { appraise: tee.appraiser(policy) },
    resumption: true,
  });
  const client = await createClientIdentity({ name: 'client.test', evidence: tee.evidenceOf('client') });
  const identity = snapshotOf(client, 'client');
  const keys = { key: identity.privateKey, cert: identity.certificate };
  const { session, server } = await sessionOf(address, keys);
  await eventually(() => refusals.length === 1);

  const resumed = await openRaw(address, { ...keys, session });
  assert.ok(resumed.isSessionReused());
  const { evidence } = await exchangeAsClient(resumed, { policy: { appraise }, server, identity });
  assert.equal(evidence.measurement, 'server');
  assert.equal(await echo(resumed, 'resumed'), 'resumed');
  assert.equal(accepted.length, 1);
  resumed.destroy();

  const impatient = await openRaw(address, { ...keys, session });
  assert.ok(impatient.isSessionReused());
  impatient.write('we know each other');
  await once(impatient.resume(), 'close');
  assert.equal(refusals[1], 'ATLS_PROTOCOL_VIOLATION');

  policy.measurements = [];
  const unwanted = await openRaw(address, { ...keys, session });
  assert.ok(unwanted.isSessionReused());
  await assert.rejects(exchangeAsClient(unwanted, { policy: { appraise }, server, identity }), {
    code: 'ATLS_PEER_REFUSED',
  });
  await eventually(() => refusals.length === 3);
  assert.equal(refusals[2], 'APPRAISAL_REFUSED');
  assert.equal(received(), 'resumed');
});

test('by default no session can be resumed', async () => {
  const { address } = await startEcho();
  const socket = await openRaw(address);
  const [session] = (await once(socket.resume(), 'session')) as [Buffer];
  socket.destroy();
  const second = await openRaw(address, { session });
  assert.equal(second.isSessionReused(), false);
  second.destroy();
});
