import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { attestedConnect, createClientIdentity, type Mode } from '../src/index.ts';
import { signSubject, subjectOf } from '../src/protocol/binding.ts';
import { exchangeAsServer } from '../src/exchange.ts';
import { createIdentity, type IdentitySnapshot } from '../src/identity.ts';
import type { Evidence, Message } from '../src/protocol/messages.ts';
import { leaked, listenTo, openRaw, say, startImpostor, startMiddle } from './attacker.ts';
import { appraise, echo, eventually, startEcho, tee } from './scene.ts';

/**
 * What an attacker between client and enclave can do who holds the private key
 * of a genuine enclave (CVE-2026-33697 and its kin), and what one without can.
 */
const secret = 'a secret of the client';
const { address, server } = await startEcho({ acceptRelayableRaTls: true });
const stolen = leaked(server.identity);
const modes: readonly Mode[] = ['fresh', 'cached'];
const none = new Uint8Array();

/** Evidence that the genuine server gives to whoever asks. */
async function recorded(leastMode: Mode): Promise<{ readonly greeting: Message; readonly evidence: Evidence }> {
  const socket = await openRaw(address);
  const next = listenTo(socket);
  say(socket, { kind: 'challenge', nonce: new Uint8Array(randomBytes(32)), leastMode });
  const [greeting, evidence] = [await next(), await next()];
  assert.ok(evidence.kind === 'evidence');
  socket.destroy();
  return { greeting, evidence };
}

test('a relay with a leaked key reads everything that goes over plain RA-TLS', async () => {
  const middle = await startMiddle(stolen, address, { alpn: [] });
  const { socket, mode } = await attestedConnect({ ...middle.address, appraise, acceptRelayableRaTls: true });
  assert.equal(mode, 'ra-tls');
  assert.equal(await echo(socket, secret), secret);
  assert.ok(middle.seen().includes(secret));
  socket.destroy();
});

test('a leaked key defeats the cached mode: its holder signs whatever connection it has', async () => {
  let seen = '';
  const impostor = await startImpostor(stolen, async (socket) => {
    await exchangeAsServer(socket, { identity: stolen, clients: undefined });
    socket.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  });
  const { socket, evidence } = await attestedConnect({ ...impostor, appraise, leastMode: 'cached' });
  assert.equal(evidence.measurement, 'server');
  socket.write(secret);
  await eventually(() => seen === secret);
  socket.destroy();
});

for (const leastMode of modes) {
  test(`a relay with a leaked key that passes on evidence of mode ${leastMode} is found out`, async () => {
    const middle = await startMiddle(stolen, address);
    await assert.rejects(attestedConnect({ ...middle.address, appraise, leastMode }), {
      code: 'ATLS_EVIDENCE_NOT_BOUND',
    });
    assert.ok(middle.seen().length > 0);
    assert.ok(!middle.seen().includes(secret));
  });

  test(`an exchange of mode ${leastMode} cannot be played again, not even with the key`, async () => {
    const { greeting, evidence } = await recorded(leastMode);
    const impostor = await startImpostor(stolen, (socket) => say(socket, greeting, evidence));
    await assert.rejects(attestedConnect({ ...impostor, appraise, leastMode }), { code: 'ATLS_EVIDENCE_NOT_BOUND' });
  });

  test(`evidence of mode ${leastMode} about another key is refused`, async () => {
    const { greeting, evidence } = await recorded(leastMode);
    const own = await createIdentity(
      'server',
      { name: 'x', evidence: tee.evidenceOf('attacker') },
      { resumption: false },
    );
    const impostor = await startImpostor(leaked(own), (socket) => say(socket, greeting, evidence));
    await assert.rejects(attestedConnect({ ...impostor, appraise, leastMode }), { code: 'ATLS_EVIDENCE_NOT_BOUND' });
  });
}

test('a relay with a leaked key fails in fresh mode, though it lets the enclave answer the client’s own nonce', async () => {
  const impostor = await startImpostor(stolen, async (victim) => {
    const challenge = await listenTo(victim)();
    const enclave = await openRaw(address);
    const next = listenTo(enclave);
    say(enclave, challenge);
    say(victim, await next(), await next());
  });
  await assert.rejects(attestedConnect({ ...impostor, appraise }), { code: 'ATLS_EVIDENCE_NOT_BOUND' });
});

/** What an attacker without an enclave answers to a server that wants evidence, out of the server's own. */
async function reflect(
  identity: Pick<IdentitySnapshot, 'privateKey' | 'certificate'>,
  leastMode: Mode,
): Promise<string> {
  const wanting = await startEcho({ clients: { appraise: tee.appraiser({ measurements: ['server'] }), leastMode } });
  const socket = await openRaw(wanting.address, { key: identity.privateKey, cert: identity.certificate });
  const next = listenTo(socket);
  say(socket, { kind: 'challenge', nonce: new Uint8Array(randomBytes(32)), leastMode });
  assert.equal((await next()).kind, 'challenge');
  const evidence = await next();
  assert.ok(evidence.kind === 'evidence');
  say(socket, evidence);
  socket.resume();
  await eventually(() => wanting.refusals.length > 0 && socket.destroyed);
  assert.deepEqual(wanting.accepted, []);
  return wanting.refusals[0] ?? '';
}

for (const leastMode of modes) {
  test(`a server’s own evidence of mode ${leastMode}, sent back to it, is refused`, async () => {
    const attacker = await createClientIdentity({ name: 'x', evidence: tee.evidenceOf('attacker') });
    const refusal = await reflect(leaked(attacker, 'client'), leastMode);
    assert.equal(refusal, 'ATLS_EVIDENCE_NOT_BOUND');
  });
}

test('a server’s key in the hands of its client is refused before anything else', async () => {
  const wanting = await startEcho({ clients: { appraise } });
  const own = leaked(wanting.server.identity);
  const socket = await openRaw(wanting.address, { key: own.privateKey, cert: own.certificate });
  await eventually(() => wanting.refusals.length > 0 && socket.resume().destroyed);
  assert.deepEqual(wanting.refusals, ['ATLS_OWN_KEY']);
});

test('a key that was attested for a server is no client’s, whoever has it', async () => {
  const wanting = await startEcho({ clients: { appraise, leastMode: 'cached' } });
  const socket = await openRaw(wanting.address, { key: stolen.privateKey, cert: stolen.certificate });
  const next = listenTo(socket);
  const nonce = new Uint8Array(randomBytes(32));
  say(socket, { kind: 'challenge', nonce, leastMode: 'cached' });
  const greeting = await next();
  assert.ok(greeting.kind === 'challenge');
  await next();
  const nonces = { client: nonce, server: greeting.nonce };
  const signature = signSubject(
    subjectOf(socket, { role: 'client', nonces, publicKey: stolen.publicKey }),
    stolen.privateKey,
  );
  say(socket, { kind: 'evidence', mode: 'cached', quote: none, signature, endorsements: none });
  await eventually(() => wanting.refusals.length > 0);
  assert.deepEqual(wanting.refusals, ['ATLS_CERTIFICATE_INVALID']);
});

test('a client that is shown its own key refuses', async () => {
  const identity = await createClientIdentity({ name: 'client.test', evidence: tee.evidenceOf('client') });
  const impostor = await startImpostor(leaked(identity, 'client'), () => undefined);
  await assert.rejects(attestedConnect({ ...impostor, appraise, identity }), { code: 'ATLS_OWN_KEY' });
});
