import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createConnection, type LookupFunction } from 'node:net';
import { describe, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { handshake } from '../src/attempt.ts';
import { attestedConnect, createClientIdentity, type AttestedConnectOptions } from '../src/index.ts';
import { signSubject, subjectOf } from '../src/protocol/binding.ts';
import { createIdentity } from '../src/identity.ts';
import { encodeMessage, type Evidence, type Message } from '../src/protocol/messages.ts';
import { leaked, listenTo, openRaw, say, startImpostor } from './attacker.ts';
import { appraise, codeOf, eventually, startEcho, startServer, tee, type Address } from './scene.ts';
import type { TestEvidence } from './test-tee.ts';

const none = new Uint8Array();
const resumption = { resumption: false };
const genuine = await createIdentity('server', { name: 'server.test', evidence: tee.evidenceOf('server') }, resumption);
const identity = leaked(genuine);
const nonce = (): Uint8Array => new Uint8Array(randomBytes(32));
const junk: Evidence = {
  kind: 'evidence',
  mode: 'fresh',
  quote: Uint8Array.of(1),
  signature: none,
  endorsements: none,
};

/** Connects, and says why that failed. The peer must see the connection close. */
async function refusalBy(
  address: Address,
  options: Partial<AttestedConnectOptions<TestEvidence>> = {},
): Promise<{ readonly code: string; readonly details: Readonly<Record<string, unknown>> }> {
  try {
    await attestedConnect<TestEvidence>({ ...address, appraise, ...options } as AttestedConnectOptions<TestEvidence>);
  } catch (error) {
    const details: unknown = Reflect.get(Object(error), 'details');
    return { code: codeOf(error), details: Object(details) as Record<string, unknown> };
  }
  return { code: 'it was not refused', details: {} };
}

interface Impostor {
  readonly address: Address;
  /** Resolves when the client has closed the connection, with what it said last. */
  readonly closed: Promise<Message | undefined>;
}

/** A server with a genuine key that answers a challenge with what it is told to. */
async function impostor(
  answer: (socket: TLSSocket, challenge: Extract<Message, { kind: 'challenge' }>) => unknown,
): Promise<Impostor> {
  let settle: (last: Message | undefined) => void;
  const closed = new Promise<Message | undefined>((resolve) => (settle = resolve));
  const address = await startImpostor(identity, async (socket) => {
    const next = listenTo(socket);
    const challenge = await next();
    assert.ok(challenge.kind === 'challenge');
    let last: Message | undefined;
    void (async () => {
      for (;;) last = await next();
    })().catch(() => undefined);
    socket.once('close', () => settle(last));
    await answer(socket, challenge);
  });
  return { address, closed };
}

describe('a client refuses, with a code, and closes the connection', () => {
  test('a server that speaks TLS and no attested TLS', async () => {
    for (const alpn of [[], ['http/1.1']]) {
      const address = await startImpostor(identity, () => undefined, { alpn });
      const { code } = await refusalBy(address);
      // A server that has other protocols only ends the handshake itself.
      assert.equal(code, alpn.length === 0 ? 'ATLS_NOT_SPOKEN' : 'ATLS_HANDSHAKE_FAILED');
    }
  });

  test('a server of TLS 1.2, even for plain RA-TLS', async () => {
    const address = await startImpostor(identity, () => undefined, { maxVersion: 'TLSv1.2' });
    assert.equal((await refusalBy(address)).code, 'ATLS_HANDSHAKE_FAILED');
    assert.equal((await refusalBy(address, { acceptRelayableRaTls: true })).code, 'ATLS_HANDSHAKE_FAILED');
  });

  test('a peer that does not speak TLS, and an address where nothing listens', async () => {
    const address = await startServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    assert.equal((await refusalBy(address)).code, 'ATLS_HANDSHAKE_FAILED');
    await assert.rejects(attestedConnect<TestEvidence>({ host: '127.0.0.1', port: 1, appraise }), {
      code: 'ATLS_UNREACHABLE',
      message: 'No connection to the server could be made: 127.0.0.1:1 (ECONNREFUSED).',
    });
    await assert.rejects(attestedConnect<TestEvidence>({ host: 'absent.invalid', port: 1, appraise }), {
      code: 'ATLS_UNREACHABLE',
      message: /^No connection to the server could be made: absent\.invalid \([A-Z_]+\)\.$/,
    });
  });

  test('a name at whose addresses nothing listens', async () => {
    const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
    const lookup: LookupFunction = (_name, _options, found) => found(null, addresses);
    const socket = connect({ host: 'two.test', port: 1, lookup });
    await assert.rejects(handshake(socket, 'client'), {
      code: 'ATLS_UNREACHABLE',
      message: 'No connection to the server could be made: 127.0.0.1:1 (ECONNREFUSED), 127.0.0.2:1 (ECONNREFUSED).',
    });
  });

  test('a cached answer to a question for a fresh one', async () => {
    const { address, closed } = await impostor((socket, challenge) => {
      const server = nonce();
      const nonces = { client: challenge.nonce, server };
      const { publicKey, privateKey } = identity;
      const signature = signSubject(subjectOf(socket, { role: 'server', nonces, publicKey }), privateKey);
      say(socket, { kind: 'nonce', nonce: server });
      say(socket, { kind: 'evidence', mode: 'cached', quote: none, signature, endorsements: none });
    });
    assert.equal((await refusalBy(address)).code, 'ATLS_MODE_TOO_WEAK');
    assert.deepEqual(await closed, { kind: 'refused', reason: 'policy' });
  });

  test('evidence that answers another nonce', async () => {
    const { address, closed } = await impostor(async (socket) => {
      const server = nonce();
      const nonces = { client: nonce(), server };
      const { publicKey, privateKey } = identity;
      const signature = signSubject(subjectOf(socket, { role: 'server', nonces, publicKey }), privateKey);
      say(socket, { kind: 'nonce', nonce: server });
      say(socket, { kind: 'evidence', mode: 'cached', quote: none, signature, endorsements: none });
    });
    assert.equal((await refusalBy(address, { leastMode: 'cached' })).code, 'ATLS_EVIDENCE_NOT_BOUND');
    assert.deepEqual(await closed, { kind: 'refused', reason: 'evidence' });
  });

  test('evidence that the policy does not accept, with the appraiser’s own refusal', async () => {
    const { address, refusals } = await startEcho();
    const policy = { appraise: tee.appraiser({ measurements: ['another'] }) };
    assert.equal((await refusalBy(address, policy)).code, 'APPRAISAL_REFUSED');
    assert.equal((await refusalBy(address, { ...policy, leastMode: 'cached' })).code, 'APPRAISAL_REFUSED');
    await eventually(() => refusals.length === 2);
    assert.deepEqual(refusals, ['ATLS_PEER_REFUSED', 'ATLS_PEER_REFUSED']);
  });

  test('evidence that is no evidence', async () => {
    const { address } = await impostor((socket) => say(socket, { kind: 'nonce', nonce: nonce() }, junk));
    assert.equal((await refusalBy(address)).code, 'EVIDENCE_REFUSED');
  });

  test('two pieces of evidence, and bytes of the application before it has decided', async () => {
    const slowly: typeof appraise = async (presented) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { measurement: 'server', reportData: Buffer.from(presented.reportData).toString('hex'), endorsements: '' };
    };
    const more: readonly Uint8Array[] = [encodeMessage(junk), Buffer.from('hello, this is the application')];
    for (const bytes of more) {
      const { address, closed } = await impostor((socket) => {
        say(socket, { kind: 'nonce', nonce: nonce() }, junk);
        socket.write(bytes);
      });
      const refusal = await refusalBy(address, { appraise: slowly });
      assert.deepEqual([refusal.code, refusal.details['rule']], ['ATLS_PROTOCOL_VIOLATION', 'silence']);
      assert.deepEqual(await closed, { kind: 'refused', reason: 'protocol' });
    }
  });

  test('messages out of order, and bytes of the application in the place of a message', async () => {
    const accepted: Message = { kind: 'accepted' };
    const answers: readonly (readonly Message[])[] = [
      [junk],
      [accepted],
      [{ kind: 'nonce', nonce: nonce() }, accepted],
      [
        { kind: 'nonce', nonce: nonce() },
        { kind: 'nonce', nonce: nonce() },
      ],
    ];
    for (const messages of answers) {
      const { address } = await impostor((socket) => say(socket, ...messages));
      const { code, details } = await refusalBy(address);
      assert.deepEqual([code, details['rule']], ['ATLS_PROTOCOL_VIOLATION', 'order']);
    }
    const { address } = await impostor((socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    const { code, details } = await refusalBy(address);
    assert.deepEqual([code, details['rule']], ['ATLS_PROTOCOL_VIOLATION', 'frame']);
  });

  test('a frame that announces more than its kind may have, before it comes', async () => {
    for (const kind of [1, 2, 3, 4, 5]) {
      const { address } = await impostor((socket) => void socket.write(Uint8Array.of(1, kind, 0, 0, 0, 1)));
      const { code, details } = await refusalBy(address);
      assert.deepEqual([code, details['rule']], ['ATLS_PROTOCOL_VIOLATION', 'frame']);
    }
  });

  test('an end in the middle of a frame, and before any', async () => {
    const frame = encodeMessage({ kind: 'nonce', nonce: nonce() });
    for (const length of [0, 3, 20]) {
      const { address } = await impostor((socket) => void socket.end(frame.subarray(0, length)));
      assert.equal((await refusalBy(address)).code, 'ATLS_CONNECTION_LOST');
    }
  });

  test('a peer that takes too long, in the handshake and in the exchange, however often it says a little', async () => {
    const silent = await startServer(() => undefined);
    assert.equal((await refusalBy(silent, { timeoutMs: 50 })).code, 'ATLS_TIMEOUT');
    const { address, closed } = await impostor(async (socket) => {
      for (const byte of encodeMessage({ kind: 'nonce', nonce: nonce() })) {
        await new Promise((resolve) => setTimeout(resolve, 30));
        if (!socket.destroyed) socket.write(Uint8Array.of(byte));
      }
    });
    assert.equal((await refusalBy(address, { timeoutMs: 200 })).code, 'ATLS_TIMEOUT');
    assert.equal(await closed, undefined);
  });

  test('when its caller gives up', async () => {
    const silent = await startServer(() => undefined);
    const reason = new Error('enough');
    await assert.rejects(attestedConnect({ ...silent, appraise, signal: AbortSignal.abort(reason) }), reason);
    await assert.rejects(attestedConnect({ ...silent, appraise, timeoutMs: 0 }), { code: 'ATLS_MISUSED' });
  });

  test('what a careless appraiser lets pass', async () => {
    const { address } = await startEcho();
    const other = createHash('sha512').digest('hex');
    const forgetful: typeof appraise = () =>
      Promise.resolve({ measurement: 'server', reportData: other, endorsements: '' });
    assert.equal((await refusalBy(address, { appraise: forgetful })).code, 'ATLS_EVIDENCE_NOT_BOUND');
    const absent = (() => Promise.resolve()) as unknown as typeof appraise;
    assert.equal((await refusalBy(address, { appraise: absent })).code, 'ATLS_MISUSED');
  });

  test('a server that cannot make evidence', async () => {
    let calls = 0;
    const source = tee.evidenceOf('server');
    const { address, refusals } = await startEcho({
      evidence: (reportData) => (calls++ === 0 ? source(reportData) : Promise.reject(new Error('no quotes today'))),
    });
    const { code, details } = await refusalBy(address);
    assert.deepEqual([code, details['reason']], ['ATLS_PEER_REFUSED', 'no-evidence']);
    await eventually(() => refusals.length > 0);
    assert.deepEqual(refusals, ['ATLS_EVIDENCE_UNAVAILABLE']);
  });
});

describe('a server refuses, and its application gets nothing', () => {
  test('a client that speaks plain RA-TLS, unless it was told to serve those', async () => {
    const { address, refusals } = await startEcho();
    const socket = await openRaw(address, { ALPNProtocols: [] });
    socket.write('hello');
    socket.resume();
    await once(socket, 'close');
    assert.deepEqual(refusals, ['ATLS_NOT_SPOKEN']);
    const lenient = await startEcho({ acceptRelayableRaTls: true });
    const plain = await openRaw(lenient.address, { ALPNProtocols: [] });
    plain.write('hello');
    const [chunk] = (await once(plain, 'data')) as [Buffer];
    assert.equal(chunk.toString(), 'hello');
    assert.equal(lenient.accepted[0]?.mode, 'ra-tls');
    plain.destroy();
  });

  test('a client of plain RA-TLS that names another protocol than those it was told of', async () => {
    const relayableProtocols = ['http/1.1'];
    const strict = await startEcho({ relayableProtocols });
    await assert.rejects(openRaw(strict.address, { ALPNProtocols: ['http/1.1'] }));
    const lenient = await startEcho({ acceptRelayableRaTls: true, relayableProtocols });
    await assert.rejects(openRaw(lenient.address, { ALPNProtocols: ['h2'] }));
    const plain = await openRaw(lenient.address, { ALPNProtocols: ['h2', 'http/1.1'] });
    plain.write('hello');
    const [chunk] = (await once(plain, 'data')) as [Buffer];
    assert.equal(chunk.toString(), 'hello');
    assert.equal(lenient.accepted[0]?.mode, 'ra-tls');
    plain.destroy();
  });

  test('a client of TLS 1.2, and one that speaks no TLS', async () => {
    const { address, refusals } = await startEcho();
    await assert.rejects(openRaw(address, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }));
    const plain = createConnection(address).on('error', () => undefined);
    plain.end('GET / HTTP/1.1\r\n\r\n').resume();
    await eventually(() => refusals.length === 2);
    assert.deepEqual(refusals, ['ATLS_HANDSHAKE_FAILED', 'ATLS_HANDSHAKE_FAILED']);
  });

  test('bytes of the application before the exchange, in the middle of it, and in its place', async () => {
    const challenge: Message = { kind: 'challenge', nonce: nonce(), leastMode: 'fresh' };
    const attempts: readonly ((socket: TLSSocket) => unknown)[] = [
      (socket) => socket.write('GET / HTTP/1.1\r\n\r\n'),
      (socket) => socket.write(Buffer.concat([encodeMessage(challenge), Buffer.from('GET / HTTP/1.1\r\n\r\n')])),
      (socket) => say(socket, { kind: 'accepted' }),
      (socket) => say(socket, challenge, challenge),
    ];
    for (const attempt of attempts) {
      const { address, refusals, received } = await startEcho();
      const socket = await openRaw(address);
      attempt(socket);
      socket.resume();
      await once(socket, 'close');
      assert.deepEqual([refusals, received()], [['ATLS_PROTOCOL_VIOLATION'], '']);
    }
  });

  test('a message out of turn, by its header alone', async () => {
    const { address, refusals } = await startEcho();
    const socket = await openRaw(address);
    // Evidence of 100,000 bytes, none of which come.
    socket.write(Uint8Array.of(1, 3, 0xa0, 0x86, 1, 0));
    socket.resume();
    await once(socket, 'close');
    assert.deepEqual(refusals, ['ATLS_PROTOCOL_VIOLATION']);
  });

  test('a client without evidence, and one that says its own without having any', async () => {
    const { address, refusals, accepted } = await startEcho({ clients: { appraise } });
    const anonymous = await openRaw(address);
    anonymous.resume();
    await once(anonymous, 'close');
    assert.deepEqual(refusals.splice(0), ['ATLS_CERTIFICATE_INVALID']);
    // Ours says so itself: TLS 1.3 tells a client late that its certificate is missing.
    assert.ok(['ATLS_PEER_REFUSED', 'ATLS_IDENTITY_MISSING'].includes((await refusalBy(address)).code));
    await eventually(() => refusals.length === 1);
    const attacker = await createClientIdentity({ name: 'x', evidence: tee.evidenceOf('attacker') });
    const { code, details } = await refusalBy(address, { identity: attacker });
    assert.deepEqual([code, details['reason']], ['ATLS_PEER_REFUSED', 'policy']);
    await eventually(() => refusals.length === 2);
    assert.equal(refusals[1], 'APPRAISAL_REFUSED');
    assert.deepEqual(accepted, []);
  });

  test('a client that stalls', async () => {
    const { address, refusals } = await startEcho({ timeoutMs: 60 });
    const socket = await openRaw(address);
    socket.resume();
    await once(socket, 'close');
    assert.deepEqual(refusals, ['ATLS_TIMEOUT']);
  });
});
