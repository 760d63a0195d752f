import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { concatBytes, utf8 } from '@enclos/codec';
import {
  ReplayWindow,
  azureOhttpProfile,
  beginOhttpRequest,
  chunkedOhttpProfile,
  ohttpProfile,
  sealOhttpRequest,
  type StreamOpener,
} from '@enclos/hpke';
import type { HttpResponse } from '@enclos/http';
import { tensorOf } from '@enclos/open-inference';
import type { ServedModel } from '../src/models/served-models.ts';
import { adder } from './scene.ts';
import {
  answerOf,
  bhttpOf,
  engine,
  headersOf,
  inferInside,
  isoDate,
  maxBytes,
  openScene,
  outputDataOf,
  sealed,
  wholeBodyOf,
} from './sealed-scene.ts';

async function problemOf(answer: HttpResponse): Promise<readonly [number, string]> {
  const { title } = JSON.parse(Buffer.from(await wholeBodyOf(answer)).toString('utf8')) as { readonly title: string };
  return [answer.status, title];
}

for (const profile of [ohttpProfile, chunkedOhttpProfile]) {
  test(`a request is opened and answered by ${profile.requestType}`, async () => {
    const scene = await openScene();
    const date = isoDate(scene.nowMs);
    const { body, open } = await sealed(scene, inferInside([1, 2], [['date', date]]), profile);
    const answer = await scene.send({ headers: headersOf(profile), body });
    assert.deepEqual([answer.status, answer.headers?.['content-type']], [200, profile.responseType]);
    const { status, text } = await open(answer);
    assert.equal(status, 200);
    assert.deepEqual(outputDataOf(text), [2, 3]);
    assert.deepEqual(scene.faults, []);
  });
}

test('D9: nothing of question or answer is outside the seal, not even an error', async () => {
  const scene = await openScene();
  const { body, open } = await sealed(scene, bhttpOf('/v2/models/absent-marker/infer', utf8('{}')));
  const answer = await scene.send({ headers: headersOf(ohttpProfile), body });
  assert.equal(answer.status, 200);
  assert.ok(!Buffer.from(await wholeBodyOf(answer)).includes('absent') && !Buffer.from(body).includes('absent-marker'));
  assert.equal((await open(answer)).status, 404);
});

test('D3, replay: a request is accepted once, on every path and by every channel', async () => {
  const scene = await openScene();
  for (const fields of [[['date', isoDate(scene.nowMs)] as const], []]) {
    const { body } = await sealed(scene, inferInside([1], fields));
    const first = await scene.send({ headers: headersOf(ohttpProfile), body });
    assert.equal(first.status, 200);
    const again = await scene.send({ headers: headersOf(ohttpProfile), body });
    assert.deepEqual(await problemOf(again), [400, 'HPKE_REPLAYED']);
  }
});

test('an old request, which a host kept, is refused', async () => {
  const scene = await openScene();
  const { body } = await sealed(scene, inferInside([1], [['date', isoDate(scene.nowMs)]]));
  scene.nowMs += 300_000;
  const answer = await scene.send({ headers: headersOf(ohttpProfile), body });
  assert.deepEqual(await problemOf(answer), [400, 'HPKE_DATE_REFUSED']);
});

test('a full window refuses, and forgets nothing', async () => {
  const scene = await openScene({ replay: { maxEntries: 1 } });
  const first = await sealed(scene, inferInside([1], [['date', isoDate(scene.nowMs)]]));
  await scene.send({ headers: headersOf(ohttpProfile), body: first.body });
  const second = await sealed(scene, inferInside([1], [['date', isoDate(scene.nowMs)]]));
  const answer = await scene.send({ headers: headersOf(ohttpProfile), body: second.body });
  assert.deepEqual(await problemOf(answer), [503, 'HPKE_WINDOW_FULL']);
  const again = await scene.send({ headers: headersOf(ohttpProfile), body: first.body });
  assert.deepEqual(await problemOf(again), [400, 'HPKE_REPLAYED']);
});

test('requests without a date shut out none: before their memory is full, the keys are others', async () => {
  const keys = new EventEmitter();
  const scene = await openScene({
    replay: { maxEntries: 8 },
    keysRenewed: async () => void keys.emit('renewed'),
  });
  const send = async (body: Uint8Array): Promise<HttpResponse> =>
    scene.send({ headers: headersOf(ohttpProfile), body });
  const former = await Promise.all([1, 2, 3].map(async (value) => sealed(scene, inferInside([value]))));
  const dated = await sealed(scene, inferInside([4], [['date', isoDate(scene.nowMs)]]));
  const renewed = once(keys, 'renewed');
  for (const { body } of former.slice(0, 2)) assert.equal((await send(body)).status, 200);
  // Half of their part is full, so new keys are made.
  await renewed;
  for (const { body } of former) assert.deepEqual(await problemOf(await send(body)), [422, 'HPKE_KEY_STALE']);
  assert.equal((await send(dated.body)).status, 200, 'a dated request to the former key opens');
  assert.deepEqual(await problemOf(await send(dated.body)), [400, 'HPKE_REPLAYED']);
  for (let pair = 0; pair < 10; pair++) {
    const again = once(keys, 'renewed');
    for (const value of [1, 2]) {
      assert.equal((await send((await sealed(scene, inferInside([value]))).body)).status, 200);
    }
    await again;
  }
  // With the defence off, three requests shut out all others until the key ends.
  const window = new ReplayWindow({ maxEntries: 8 });
  const name = (first: number): Uint8Array => new Uint8Array(16).fill(first);
  for (let request = 0; request < 4; request++) {
    window.acceptUndated(name(request), scene.nowMs + 90_000_000, scene.nowMs);
  }
  const late = scene.nowMs + 86_400_000;
  assert.throws(() => window.acceptUndated(name(9), scene.nowMs + 90_000_000, late), { code: 'HPKE_WINDOW_FULL' });
});

test('an answer that is too long for its channel is an error inside the seal', async () => {
  const long: ServedModel = {
    ...adder,
    run: async () => [tensorOf('out', 'FP32', new Float32Array(maxBytes), [maxBytes])],
  };
  const scene = await openScene({ served: [long] });
  for (const profile of [ohttpProfile, chunkedOhttpProfile]) {
    const { body, open } = await sealed(scene, inferInside([1]), profile);
    const answer = await scene.send({ headers: headersOf(profile), body });
    assert.deepEqual([answer.status, (await open(answer)).status], [200, 413]);
  }
  assert.deepEqual(scene.faults, []);
});

test('D4, response swap: an answer opens for its own request alone', async () => {
  const scene = await openScene();
  const [one, two] = [await sealed(scene, inferInside([1])), await sealed(scene, inferInside([2]))];
  const answers = [
    await scene.send({ headers: headersOf(ohttpProfile), body: one.body }),
    await scene.send({ headers: headersOf(ohttpProfile), body: two.body }),
  ];
  await assert.rejects(async () => one.open(answers[1] ?? { status: 0 }), { code: 'HPKE_OPEN_FAILED' });
  assert.deepEqual(outputDataOf((await two.open(answers[1] ?? { status: 0 })).text), [3]);
});

test('D2: no two answers to one request have one nonce', async () => {
  const seen = new Set<string>();
  const scene = await openScene();
  for (let i = 0; i < 50; i++) {
    const { body } = await sealed(scene, inferInside([1]));
    const answer = await wholeBodyOf(await scene.send({ headers: headersOf(ohttpProfile), body }));
    seen.add(Buffer.from(answer.subarray(0, 32)).toString('hex'));
  }
  assert.equal(seen.size, 50);
});

test('two keys in rotation: the former key opens in its grace, and then is stale', async () => {
  const scene = await openScene();
  const before = await scene.config();
  scene.nowMs += 23.5 * 3_600_000;
  assert.equal(await scene.keys.refresh(scene.nowMs), true);
  const after = await scene.config();
  assert.notEqual(after.keyId, before.keyId);
  const ask = async (): Promise<HttpResponse> => {
    const options = { profile: ohttpProfile, config: before };
    const { message } = await sealOhttpRequest(engine, options, inferInside([1]));
    return scene.send({ headers: headersOf(ohttpProfile), body: message });
  };
  assert.equal((await ask()).status, 200);
  scene.nowMs += 3_600_000;
  const stale = await ask();
  assert.deepEqual(await problemOf(stale), [422, 'HPKE_KEY_STALE']);
});

test('model digest changed: the answer inside is a refusal', async () => {
  const scene = await openScene();
  const { body, open } = await sealed(scene, inferInside([1], [['enclos-model-digest', '22'.repeat(32)]]));
  const { status, text } = await open(await scene.send({ headers: headersOf(ohttpProfile), body }));
  assert.equal(status, 409);
  assert.match(text, /INFERENCE_MODEL_DIFFERS/);
});

test('chunk truncated: neither a request nor an answer that lacks its end is taken', async () => {
  const scene = await openScene();
  const { body, open } = await sealed(scene, inferInside([1]), chunkedOhttpProfile);
  for (const end of [body.length - 1, body.length - 17, 60, 8, 0]) {
    const cut = await scene.send({ headers: headersOf(chunkedOhttpProfile), body: body.subarray(0, end) });
    assert.equal(cut.status, 400, String(end));
  }
  const answer = await wholeBodyOf(await scene.send({ headers: headersOf(chunkedOhttpProfile), body }));
  await assert.rejects(async () => open({ status: 200, body: answer.subarray(0, -1) }), /EnclosError|HPKE/);
});

test("Azure's profile is refused by the route of the draft, and the draft by Azure's", async () => {
  const scene = await openScene();
  const azure = await sealed(scene, inferInside([1]), azureOhttpProfile);
  const draft = await sealed(scene, inferInside([1]), chunkedOhttpProfile);
  const headers = headersOf(azureOhttpProfile);
  for (const [path, body] of [
    ['/ohttp', azure.body],
    ['/score', draft.body],
  ] as const) {
    // The other framing reads a length from ciphertext, and that is sometimes more than a request may have.
    assert.ok([400, 413].includes((await scene.send({ path, headers, body })).status), path);
  }
  const answer = await scene.send({ path: '/score', headers, body: azure.body });
  assert.deepEqual(outputDataOf((await azure.open(answer)).text), [2]);
});

test('a content type of no profile is refused', async () => {
  const scene = await openScene();
  const { body } = await sealed(scene, inferInside([1]));
  for (const type of ['application/json', 'message/ohttp-res', '']) {
    const answer = await scene.send({ headers: new Map([['content-type', type]]), body });
    assert.deepEqual(await problemOf(answer), [415, 'OHTTP_TYPE_REFUSED'], type);
  }
});

test('answers of different lengths look alike from outside', async () => {
  const scene = await openScene();
  const lengths = new Set<number>();
  for (const values of [[1], [1.5, 2, 3], [123_456]]) {
    const { body } = await sealed(scene, inferInside(values));
    lengths.add((await wholeBodyOf(await scene.send({ headers: headersOf(ohttpProfile), body }))).length);
  }
  const failed = await sealed(scene, bhttpOf('/v2/models/absent/infer', utf8('{}')));
  lengths.add((await wholeBodyOf(await scene.send({ headers: headersOf(ohttpProfile), body: failed.body }))).length);
  assert.equal(lengths.size, 1);
});

test('a streamed answer crosses in sealed chunks, and its end is known', async () => {
  const scene = await openScene();
  const chat = {
    model: 'speaker',
    messages: [{ role: 'user', content: 'a' }],
    stream: true,
    temperature: 0,
    max_tokens: 4,
  };
  const request = await beginOhttpRequest(engine, { profile: chunkedOhttpProfile, config: await scene.config() });
  const inside = bhttpOf('/v1/chat/completions', utf8(JSON.stringify(chat)));
  const body = concatBytes(request.head, await request.seal(inside, true));
  const answer = await scene.send({ headers: headersOf(chunkedOhttpProfile), body });
  const opener: StreamOpener = request.openResponse({ maxBytes });
  assert.ok(typeof answer.body === 'object' && !(answer.body instanceof Uint8Array));
  const opened: Uint8Array[] = [];
  let pieces = 0;
  for await (const piece of answer.body) {
    assert.ok(typeof piece !== 'string');
    pieces++;
    opened.push(...(await opener.push(piece)));
  }
  opened.push(...(await opener.end()));
  const { text } = answerOf(concatBytes(...opened));
  assert.ok(pieces > 4);
  assert.match(text, /data: \[DONE\]\n\n$/);
});

test('a request beyond the bound is refused before its body is read', async () => {
  const scene = await openScene();
  const bound = scene.bodyLimit({ method: 'POST', path: '/ohttp', headers: headersOf(ohttpProfile) });
  assert.ok(bound > maxBytes && bound < 2 * maxBytes);
  assert.equal(scene.bodyLimit({ method: 'GET', path: '/ohttp', headers: new Map() }), 4096);
  const { body } = await sealed(scene, bhttpOf('/v2/models/adder/infer', new Uint8Array(maxBytes + 1)));
  assert.equal((await scene.send({ headers: headersOf(ohttpProfile), body })).status, 413);
});
