import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { utf8 } from '@enclos/codec';
import { chunkedOhttpProfile, ohttpProfile, type HpkeEngine } from '@enclos/hpke';
import type { HttpResponse } from '@enclos/http';
import type { ServedModel } from '../../src/models/served-models.ts';
import { replicaHeader } from '@enclos/receipts';
import { adder, speaker } from '../scene.ts';
import { bhttpOf, engine, outputDataOf, wholeBodyOf } from '../sealed-scene.ts';
import { ehbpTo, inSession, refusalOf, sealedTo, sessionThrough, type SentRequest } from './requests.ts';
import { Network, type TestReplica } from './scene.ts';

interface Pair {
  readonly network: Network;
  readonly first: TestReplica;
  readonly second: TestReplica;
}

async function pair(): Promise<Pair> {
  const network = new Network();
  const [first, second] = [await network.add(), await network.add()];
  await network.lookAll();
  return { network, first, second };
}

async function numbersOf({ open }: SentRequest, answer: HttpResponse): Promise<readonly number[]> {
  assert.equal(answer.status, 200);
  return outputDataOf((await open(answer)).text);
}

/** A promise, and what resolves it: Node 20 has no `Promise.withResolvers`. */
function signalled(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

/** A number that has stopped growing: all that was begun has got as far as it can. */
async function settled(numberNow: () => number): Promise<number> {
  let [last, times] = [numberNow(), 0];
  while (times < 50) {
    // eslint-disable-next-line no-await-in-loop
    await turn();
    const now = numberNow();
    times = now === last ? times + 1 : 0;
    last = now;
  }
  return last;
}

/** A model that waits until a test lets it go, and says when it began. */
function held(): { readonly model: ServedModel; readonly began: Promise<void>; readonly release: () => void } {
  const begin = signalled();
  const go = signalled();
  return {
    model: {
      ...adder,
      run: async (...given) => {
        begin.resolve();
        await go.promise;
        return adder.run(...given);
      },
    },
    began: begin.promise,
    release: go.resolve,
  };
}

describe('a request that arrives at the wrong replica', () => {
  for (const profile of [ohttpProfile, chunkedOhttpProfile]) {
    test(`is answered by the one that has its key, once for all of them: ${profile.requestType}`, async () => {
      const { first, second } = await pair();
      const sent = await sealedTo(second.key, { profile, values: [1, 2] });
      assert.deepEqual(await numbersOf(sent, await first.send(sent.request)), [2, 3]);
      assert.deepEqual([first.runs, second.runs, first.routing.forwarded], [0, 1, 1]);
      // A host that keeps it may send it to any replica.
      for (const replica of [first, second]) {
        // eslint-disable-next-line no-await-in-loop
        assert.deepEqual(await refusalOf(await replica.send(sent.request)), [400, 'HPKE_REPLAYED']);
      }
      assert.deepEqual([first.runs, second.runs], [0, 1]);
    });
  }

  test('would run once on each if they had the same keys, which is why they do not', async () => {
    const network = new Network();
    const first = await network.add();
    const second = await network.add({ keys: first.keys });
    const { request } = await sealedTo(first.key);
    for (const replica of [first, second]) {
      // eslint-disable-next-line no-await-in-loop
      assert.equal((await replica.send(request)).status, 200);
    }
    assert.deepEqual([first.runs, second.runs], [1, 1]);
  });

  test('is answered piece by piece when its answer is streamed', async () => {
    const { first, second } = await pair();
    const chat = { model: 'speaker', messages: [{ role: 'user', content: 'a' }], stream: true, max_tokens: 3 };
    const inside = bhttpOf('/v1/chat/completions', utf8(JSON.stringify(chat)), [['content-type', 'application/json']]);
    const sent = await sealedTo(second.key, { profile: chunkedOhttpProfile, inside });
    const answer = await first.send(sent.request);
    assert.ok(!(answer.body instanceof Uint8Array) && typeof answer.body === 'object');
    assert.match((await sent.open(answer)).text, /data: \[DONE\]/);
  });

  test('of EHBP finds its replica although it names no key, with its headers', async () => {
    const { network, first } = await pair();
    const third = await network.add();
    await network.lookAll();
    const sent = await ehbpTo(third.key, [4]);
    assert.deepEqual(await numbersOf(sent, await first.send(sent.request)), [5]);
    const seen = third.seen.find(({ path }) => path === '/v2/models/adder/infer');
    assert.equal(seen?.headers.get('x-mine'), 'a');
    assert.equal(seen?.headers.get('enclos-forwarded-for'), '192.0.2.7 1234', 'what the host of the first one says');
    assert.equal((await first.send(sent.request)).status, 400, 'it runs once');
  });

  test('may open a session, whose requests find it from any replica', async () => {
    const { network, first, second } = await pair();
    const third = await network.add();
    await network.lookAll();
    const session = await sessionThrough(first, second.key);
    for (const replica of [first, third, first, second]) {
      // eslint-disable-next-line no-await-in-loop
      const sent = await inSession(session);
      // eslint-disable-next-line no-await-in-loop
      assert.deepEqual(await numbersOf(sent, await replica.send(sent.request)), [2]);
      // eslint-disable-next-line no-await-in-loop
      assert.deepEqual(await refusalOf(await replica.send(sent.request)), [400, 'HPKE_REPLAYED']);
    }
    assert.deepEqual([first.runs, second.runs, third.runs], [0, 4, 0]);
    const probes = second.seen.filter(({ path }) => path.startsWith('/replica/session/'));
    assert.equal(probes.length, 2, 'each replica looks for a session once');
  });

  test('of a session that no replica has is refused as gone', async () => {
    const { first, second } = await pair();
    const session = await sessionThrough(first, second.key);
    second.kill();
    await first.directory.look();
    assert.deepEqual(await refusalOf(await first.send((await inSession(session)).request)), [410, 'HPKE_SESSION_GONE']);
  });

  test('of sessions that strangers make up are asked for in a bounded number, each everywhere', async () => {
    const { first, second } = await pair();
    const session = await sessionThrough(first, second.key);
    const { request } = await inSession(session);
    second.hangs = true;
    const refused = await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        const body = new Uint8Array(request.body ?? []);
        // The name of the session follows the version.
        body.fill(at, 1, 9);
        return refusalOf(await first.send({ ...request, body }));
      }),
    );
    assert.deepEqual(new Set(refused.map(String)), new Set(['410,HPKE_SESSION_GONE']));
    const probes = second.seen.filter(({ path }) => path.startsWith('/replica/session/'));
    assert.ok(probes.length <= 16, String(probes.length));
  });

  test('goes where its key is although the first one has a key of the same id', async () => {
    const same: HpkeEngine = Object.create(engine, {
      randomBytes: { value: (length: number) => (length === 1 ? Uint8Array.of(7) : engine.randomBytes(length)) },
    }) as HpkeEngine;
    const network = new Network();
    const [first, second] = [await network.add({ engine: same }), await network.add({ engine: same })];
    await network.lookAll();
    assert.equal(first.key.keyId, second.key.keyId);
    const sent = await sealedTo(second.key);
    assert.deepEqual(await numbersOf(sent, await first.send(sent.request)), [2]);
    const changed = new Uint8Array(sent.request.body ?? []);
    changed.set([(changed.at(-1) ?? 0) ^ 1], changed.length - 1);
    assert.deepEqual(await refusalOf(await first.send({ ...sent.request, body: changed })), [400, 'HPKE_OPEN_FAILED']);
  });

  test('finds a replica that has come since the last look', async () => {
    let nowMs = 0;
    const network = new Network();
    const first = await network.add({ nowMs: () => nowMs });
    await first.directory.look();
    const second = await network.add();
    const sent = await sealedTo(second.key);
    assert.deepEqual(
      await refusalOf(await first.send(sent.request)),
      [422, 'HPKE_KEY_STALE'],
      'not each request looks',
    );
    nowMs += 500;
    assert.deepEqual(await numbersOf(sent, await first.send(sent.request)), [2]);
  });
});

describe('a request that names its replica', () => {
  const naming = (sent: SentRequest, { name }: TestReplica) => ({
    ...sent.request,
    headers: new Map([...(sent.request.headers ?? []), [replicaHeader, name]]),
  });

  test('goes there, and so does the question for a report', async () => {
    const { first, second } = await pair();
    const sent = await ehbpTo(second.key);
    assert.deepEqual(await numbersOf(sent, await first.send(naming(sent, second))), [2]);
    const headers = new Map([[replicaHeader, second.name]]);
    const asked = {
      method: 'GET',
      path: '/v1/attestation/report',
      search: '?nonce=1',
      headers,
      query: new URLSearchParams('nonce=1'),
    };
    const report = await first.send(asked);
    assert.deepEqual([report.status, report.headers?.[replicaHeader]], [200, second.name]);
    assert.equal(Buffer.from(await wholeBodyOf(report)).toString(), second.name);
    assert.equal(second.seen.at(-1)?.search, '?nonce=1');
  });

  test('is answered by any when that one is gone, or is itself', async () => {
    const { first, second } = await pair();
    const own = await sealedTo(first.key);
    second.kill();
    await first.directory.look();
    assert.deepEqual(await numbersOf(own, await first.send(naming(own, second))), [2]);
    const again = await sealedTo(first.key);
    assert.deepEqual(await numbersOf(again, await first.send(naming(again, first))), [2]);
    const report = { method: 'GET', path: '/v1/attestation/report', headers: new Map([[replicaHeader, second.name]]) };
    assert.equal((await first.send(report)).headers?.[replicaHeader], first.name);
  });
});

describe('a replica that is lost', () => {
  test('before a request is sent on: its key is stale, and the client attests another one', async () => {
    const { first, second } = await pair();
    const sent = await sealedTo(second.key);
    second.kill();
    await first.directory.look();
    assert.deepEqual(await refusalOf(await first.send(sent.request)), [422, 'HPKE_KEY_STALE']);
    const own = await sealedTo(first.key);
    assert.deepEqual(await numbersOf(own, await first.send(own.request)), [2]);
  });

  test('while it computes: the request fails, can be repeated, and nothing else has computed it', async () => {
    const network = new Network();
    const first = await network.add();
    const { model, began } = held();
    const second = await network.add({ model });
    const third = await network.add();
    await network.lookAll();
    const asked = first.send((await sealedTo(second.key)).request);
    await began;
    second.kill();
    const answer = await asked;
    assert.equal(answer.headers?.['retry-after'], '5');
    assert.deepEqual(await refusalOf(answer), [503, 'INFERENCE_REPLICA_LOST']);
    assert.deepEqual([first.runs, second.runs, third.runs], [0, 1, 0]);
  });

  test('that hangs is given up with the next look, and with it what it had', async () => {
    const { first, second } = await pair();
    second.hangs = true;
    const asked = first.send((await sealedTo(second.key)).request);
    await first.directory.look();
    assert.deepEqual(await refusalOf(await asked), [503, 'INFERENCE_REPLICA_LOST']);
    assert.deepEqual(await refusalOf(await first.send((await sealedTo(second.key)).request)), [422, 'HPKE_KEY_STALE']);
  });

  test('in the middle of an answer: the answer breaks off', async () => {
    const network = new Network();
    const first = await network.add();
    let spoken = 0;
    const model: ServedModel = {
      ...speaker,
      run: async (...given) => {
        spoken += 1;
        // The fourth word never comes.
        return spoken < 4 ? speaker.run(...given) : new Promise(() => undefined);
      },
    };
    const second = await network.add({ model });
    await network.lookAll();
    const chat = { model: 'speaker', messages: [{ role: 'user', content: 'a' }], stream: true, max_tokens: 30 };
    const inside = bhttpOf('/v1/chat/completions', utf8(JSON.stringify(chat)), [['content-type', 'application/json']]);
    const sent = await sealedTo(second.key, { profile: chunkedOhttpProfile, inside });
    const { body } = await first.send(sent.request);
    assert.ok(typeof body === 'object' && Symbol.asyncIterator in body);
    await assert.rejects(
      async () => {
        for await (const piece of body) if (piece.length > 0) second.kill();
      },
      { code: 'HTTP_CONNECTION_BROKEN' },
    );
  });

  test('by the client, whose request ends there too', async () => {
    const network = new Network();
    const first = await network.add();
    const aborted = signalled();
    const began = signalled();
    const model: ServedModel = {
      ...adder,
      run: async (_, options) => {
        began.resolve();
        if (options?.signal !== undefined) await once(options.signal, 'abort');
        aborted.resolve();
        throw new Error('The client left.');
      },
    };
    const second = await network.add({ model });
    await network.lookAll();
    const leaving = new AbortController();
    const asked = first.send((await sealedTo(second.key)).request, leaving.signal);
    await began.promise;
    leaving.abort();
    await asked;
    await aborted.promise;
  });
});

describe('what replicas do not do for each other', () => {
  test('they answer no request that is not sealed, and send none on twice', async () => {
    const { network, first, second } = await pair();
    const [{ link }] = first.directory.all() as readonly [ReturnType<typeof first.directory.all>[number]];
    const limits = { headTimeoutMs: 60_000, maxBytes: 1000 };
    const statusOf = async (method: string, path: string, more = {}): Promise<number> => {
      const { status, body } = await link.ask({ method, path, ...limits, ...more });
      for await (const piece of body) assert.ok(piece.length > 0);
      return status;
    };
    for (const [method, path] of [
      ['GET', '/v2'],
      ['POST', '/v2/models/adder/infer'],
      ['GET', '/replicas'],
    ] as const) {
      // eslint-disable-next-line no-await-in-loop
      assert.equal(await statusOf(method, path, method === 'POST' ? { body: utf8('{}') } : {}), 421, path);
    }
    const third = await network.add();
    await network.lookAll();
    const { request } = await sealedTo(third.key);
    const headers = Object.fromEntries(request.headers ?? []);
    assert.equal(await statusOf('POST', '/ohttp', { body: request.body, headers }), 421);
    assert.deepEqual([second.runs, third.runs], [0, 0]);
  });

  test('they pass on few requests at once, and the others wait; one whose client leaves gives its turn away', async () => {
    const { model, release, began } = held();
    const network = new Network();
    const first = await network.add();
    const second = await network.add({ model });
    await network.lookAll();
    const leaving = new AbortController();
    // A turn ends with the last byte of an answer.
    const send = async (signal?: AbortSignal): Promise<number> => {
      const answer = await first.send((await sealedTo(second.key)).request, signal);
      await wholeBodyOf(answer);
      return answer.status;
    };
    const answers = Array.from({ length: 14 }, async () => send());
    await began;
    const connections = await settled(() => network.connections);
    const left = send(leaving.signal);
    const later = Array.from({ length: 6 }, async () => send());
    leaving.abort(new Error('left'));
    await left.catch(() => undefined);
    assert.equal(await settled(() => network.connections), connections, 'no connection more');
    await first.directory.look();
    assert.equal(first.directory.all().length, 1, 'a replica with much to do still tells its card');
    release();
    for (const status of await Promise.all([...answers, ...later])) assert.equal(status, 200);
    assert.equal(second.runs, 20);
  });

  test('a stranger has few requests shown to all replicas at once', async () => {
    const { model, release, began } = held();
    const network = new Network();
    const first = await network.add();
    const second = await network.add({ model });
    await network.lookAll();
    const searches = await Promise.all([1, 2, 3, 4].map(async () => ehbpTo(second.key)));
    const answers = searches.map(async ({ request }) => first.send(request));
    await began;
    const more = await ehbpTo(second.key);
    assert.equal((await first.send(more.request)).status, 422);
    release();
    assert.deepEqual(
      (await Promise.all(answers)).map(({ status }) => status),
      [200, 200, 200, 200],
    );
    assert.deepEqual(await numbersOf(more, await first.send(more.request)), [2]);
  });
});
