import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, toHex, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import fc from 'fast-check';
import {
  ReplayWindow,
  acceptSession,
  coarsePadding,
  kemIds,
  noPadding,
  openBoundRequest,
  openSession,
  sealBoundRequest,
  sessionIdOf,
  type ClientExchange,
  type ClientSession,
  type HpkeEngine,
  type ServerSession,
  type StreamOpener,
  type StreamSealer,
} from '../src/index.ts';
import { ExchangeNumbers } from '../src/session/exchange-numbers.ts';
import { nodeEngine } from '../src/node/index.ts';
import { engines, is, x25519Suite } from './scene.ts';

const engine = nodeEngine();
const now = 1_800_000_000_000;
const limits = { maxBytes: 100_000 };
const binding = { method: 'POST', path: '/v2/models/digits/infer', model: 'digits', modelDigest: new Uint8Array(32) };
const terms = { lifetimeMs: 60_000, maxExchanges: 10_000 };

async function parties(over: HpkeEngine = engine) {
  const pair = await over.kem(kemIds.x25519).generateKeyPair();
  const config = { keyId: 1, kem: kemIds.x25519, publicKey: pair.publicKey, suites: [x25519Suite] };
  const window = new ReplayWindow();
  const accept = async (message: Uint8Array, change: object = {}) =>
    acceptSession(over, { keyOf: () => pair, window, nowMs: now, ...terms, ...change }, message);
  return { config, pair, accept };
}

async function established(
  over: HpkeEngine = engine,
  change: object = {},
): Promise<{ client: ClientSession; server: ServerSession }> {
  const { config, accept } = await parties(over);
  const opening = await openSession(over, { config, dateMs: now });
  const { session: server, answer } = await accept(opening.message, change);
  return { client: await opening.finish(answer, now), server };
}

async function sealedBy(sealer: StreamSealer, ...chunks: readonly string[]): Promise<Uint8Array[]> {
  const parts = [sealer.head];
  for (const [index, chunk] of chunks.entries()) {
    parts.push(await sealer.seal(utf8(chunk), index === chunks.length - 1));
  }
  return parts;
}

async function textOf(opener: StreamOpener, ...parts: readonly Uint8Array[]): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (const part of parts) chunks.push(...(await opener.push(part)));
  return Buffer.from(concatBytes(...chunks, ...(await opener.end()))).toString();
}

test('many exchanges are in flight at once, end in any order, and each answer is of its request', async () => {
  for (const [, over] of engines) {
    const { client, server } = await established(over);
    const exchanges = Array.from({ length: 40 }, (_, index) => ({
      text: `request ${index}`,
      exchange: client.begin(binding, now, index % 2 === 0 ? noPadding : coarsePadding),
    }));
    const sent = await Promise.all(
      exchanges.map(async ({ text, exchange }) => concatBytes(...(await sealedBy(exchange, text, ' and more')))),
    );
    const answers = await Promise.all(
      sent.toReversed().map(async (body) => {
        const request = server.receive(binding, limits, now);
        const text = await textOf(request, body);
        return concatBytes(...(await sealedBy(request.sealResponse(coarsePadding), `answer to ${text}`)));
      }),
    );
    for (const [index, answer] of answers.toReversed().entries()) {
      const { text, exchange } = exchanges[index] ?? assert.fail();
      assert.equal(await textOf(exchange.openResponse(limits), answer), `answer to ${text} and more`);
    }
  }
});

test('D2: no nonce comes twice for a key, over exchanges, chunks and directions', async () => {
  const seen = new Set<string>();
  const recording: HpkeEngine = {
    ...engine,
    aead: (id, key) => {
      const made = engine.aead(id, key);
      if (made instanceof Promise) return made;
      return {
        open: made.open,
        seal: (nonce, aad, plaintext, form) => {
          const name = `${toHex(key)} ${toHex(nonce)}`;
          assert.ok(!seen.has(name), 'a nonce came twice');
          seen.add(name);
          return made.seal(nonce, aad, plaintext, form);
        },
      };
    },
  };
  const { client, server } = await established(recording);
  for (let round = 0; round < 20; round++) {
    const request = server.receive(binding, limits, now);
    await textOf(request, ...(await sealedBy(client.begin(binding, now), 'a', 'b', 'c')));
    await sealedBy(request.sealResponse(), 'd', 'e');
    assert.throws(() => request.sealResponse(), is('HPKE_MESSAGE_INVALID'), 'a second response would repeat nonces');
  }
  // Two messages of the opening, and five chunks each round.
  assert.equal(seen.size, 2 + 20 * 5);
});

test('D3: an opening and an exchange are accepted once; an opening that ran twice would have other keys', async () => {
  const { config, accept } = await parties();
  const opening = await openSession(engine, { config, dateMs: now });
  const { session, answer } = await accept(opening.message);
  await assert.rejects(accept(opening.message), is('HPKE_REPLAYED'));
  const again = await accept(opening.message, { window: new ReplayWindow() });
  assert.notDeepEqual(again.session.sessionId, session.sessionId);
  const client = await opening.finish(answer, now);
  const body = concatBytes(...(await sealedBy(client.begin(binding, now), 'once')));
  await textOf(session.receive(binding, limits, now), body);
  await assert.rejects(textOf(session.receive(binding, limits, now), body), is('HPKE_REPLAYED'));
  await assert.rejects(textOf(again.session.receive(binding, limits, now), body), is('HPKE_SESSION_GONE'));
});

test('D4: answers that are swapped do not open, and neither does a request as its own answer', async () => {
  const { client, server } = await established();
  const answered = async (): Promise<{ exchange: ClientExchange; body: Uint8Array; answer: Uint8Array }> => {
    const exchange = client.begin(binding, now);
    const body = concatBytes(...(await sealedBy(exchange, 'q')));
    const request = server.receive(binding, limits, now);
    await textOf(request, body);
    return { exchange, body, answer: concatBytes(...(await sealedBy(request.sealResponse(), 'a'))) };
  };
  const [one, two] = [await answered(), await answered()];
  await assert.rejects(textOf(one.exchange.openResponse(limits), two.answer), is('HPKE_OPEN_FAILED'));
  await assert.rejects(textOf(one.exchange.openResponse(limits), one.body.subarray(21)), is('HPKE_OPEN_FAILED'));
  assert.equal(await textOf(one.exchange.openResponse(limits), one.answer), 'a');
});

test('D6: the binding of an exchange is held in both directions, and an opening is not a request', async () => {
  const { client, server } = await established();
  for (const change of [
    { method: 'PUT' },
    { path: '/v2/models/digits/unload' },
    { model: 'b' },
    { modelDigest: new Uint8Array(32).fill(1) },
  ]) {
    const body = concatBytes(...(await sealedBy(client.begin(binding, now), 'q')));
    await assert.rejects(textOf(server.receive({ ...binding, ...change }, limits, now), body), is('HPKE_OPEN_FAILED'));
    // The number of an exchange that did not open is not used up.
    await textOf(server.receive(binding, limits, now), body);
  }
  const { config, pair, accept } = await parties();
  const opening = await openSession(engine, { config, dateMs: now });
  const options = { keyOf: () => pair, window: new ReplayWindow(), nowMs: now, ...limits };
  await assert.rejects(openBoundRequest(engine, { ...options, binding }, opening.message), is('HPKE_OPEN_FAILED'));
  const request = await sealBoundRequest(engine, { config, binding, dateMs: now }, utf8('session 1'));
  await assert.rejects(accept(request.message), is('HPKE_OPEN_FAILED'));
});

test('chunk truncated, reordered, repeated or spliced in a session: none is taken for the whole', async () => {
  const { client, server } = await established();
  const exchange = client.begin(binding, now);
  const [head = utf8(''), one = utf8(''), two = utf8(''), three = utf8('')] = await sealedBy(exchange, '1', '2', '3');
  const [otherHead = utf8(''), , otherTwo = utf8('')] = await sealedBy(client.begin(binding, now), '1', '2', '3');
  const attempts = [
    [head],
    [head, one],
    [head, one, two],
    [head, two, one, three],
    [head, one, one, two, three],
    [head, one, otherTwo, three],
    [otherHead, one, two, three],
    [head, one, three],
    [head, one, two, three, three],
  ];
  for (const attempt of attempts) {
    // Each on a server that has seen nothing.
    await assert.rejects(textOf(server.receive(binding, limits, now), ...attempt), EnclosError);
  }
  const fresh = await established();
  const cut = fresh.client.begin(binding, now);
  const parts = await sealedBy(cut, '1', '2');
  const request = fresh.server.receive(binding, limits, now);
  await assert.rejects(textOf(request, ...parts.slice(0, 2)), is('HPKE_TRUNCATED'));
  const whole = fresh.client.begin(binding, now);
  const opened = fresh.server.receive(binding, limits, now);
  await textOf(opened, ...(await sealedBy(whole, 'q')));
  const answer = await sealedBy(opened.sealResponse(), 'a', 'b');
  await assert.rejects(textOf(whole.openResponse(limits), ...answer.slice(0, 2)), is('HPKE_TRUNCATED'));
  assert.equal(await textOf(whole.openResponse(limits), ...answer), 'ab');
});

test('a session is over after its life and its last exchange, also if the clock goes back', async () => {
  const { client, server } = await established(engine, { maxExchanges: 2 });
  const first = concatBytes(...(await sealedBy(client.begin(binding, now), 'q')));
  client.begin(binding, now);
  assert.throws(() => client.begin(binding, now), is('HPKE_SESSION_GONE'));
  await assert.rejects(textOf(server.receive(binding, limits, now + 60_000), first), is('HPKE_SESSION_GONE'));
  await assert.rejects(textOf(server.receive(binding, limits, now), first), is('HPKE_SESSION_GONE'));
  const second = await established();
  assert.throws(() => second.client.begin(binding, now + 60_000), is('HPKE_SESSION_GONE'));
  assert.throws(() => second.client.begin(binding, now), is('HPKE_SESSION_GONE'));
});

test('D10: a body of another form is refused; the session that it names is read from its front', async () => {
  const { client, server } = await established();
  const exchange = client.begin(binding, now);
  const body = concatBytes(...(await sealedBy(exchange, 'q')));
  assert.deepEqual(sessionIdOf(body.subarray(0, 21)), server.sessionId);
  assert.throws(() => sessionIdOf(body.subarray(0, 20)), is('HPKE_TRUNCATED'));
  assert.throws(() => sessionIdOf(body.map((byte, index) => (index === 0 ? 2 : byte))), is('HPKE_MESSAGE_INVALID'));
  for (let at = 0; at < body.length; at++) {
    const changed = body.map((byte, index) => (index === at ? byte ^ 1 : byte));
    await assert.rejects(textOf(server.receive(binding, limits, now), changed), EnclosError);
  }
  await assert.rejects(textOf(server.receive(binding, { maxBytes: 1 }, now), body), is('HPKE_LIMIT_EXCEEDED'));
  const waiting = server.receive(binding, limits, now);
  await waiting.push(body.subarray(0, 20));
  assert.throws(() => waiting.sealResponse(), is('HPKE_MESSAGE_INVALID'));
  await assert.rejects(waiting.end(), is('HPKE_TRUNCATED'));
});

test('an answer to an opening that was changed, or limits that are none, are refused', async () => {
  const { config, accept } = await parties();
  const opening = await openSession(engine, { config, dateMs: now });
  const { answer } = await accept(opening.message);
  for (let at = 0; at < answer.length; at++) {
    const changed = answer.map((byte, index) => (index === at ? byte ^ 1 : byte));
    await assert.rejects(opening.finish(changed, now), EnclosError);
  }
  for (const change of [{ lifetimeMs: 0 }, { lifetimeMs: 2 ** 32 }, { maxExchanges: 0.5 }]) {
    const { message } = await openSession(engine, { config, dateMs: now });
    await assert.rejects(accept(message, change), is('HPKE_LIMIT_EXCEEDED'));
  }
});

test('exchange numbers are accepted once each, in any order within the width', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(60), fc.nat(20_000)), { maxLength: 300 }), (numbers) => {
      const window = new ExchangeNumbers();
      const accepted = new Set<number>();
      let highest = -1;
      for (const number of numbers) {
        const isFresh = !accepted.has(number) && number > highest - 4096;
        if (!isFresh) {
          assert.throws(() => window.accept(number), is('HPKE_REPLAYED'));
          continue;
        }
        window.accept(number);
        accepted.add(number);
        highest = Math.max(highest, number);
      }
    }),
  );
});
