import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, fromHex, toHex, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import fc from 'fast-check';
import {
  KemKeyPair,
  OhttpRequestOpener,
  azureOhttpProfile,
  beginOhttpRequest,
  chunkedOhttpProfile,
  encodeKeyConfig,
  encodeKeyConfigList,
  kemIds,
  ohttpProfile,
  openOhttpRequest,
  parseKeyConfig,
  parseKeyConfigList,
  requireRequestType,
  sealOhttpRequest,
  type HpkeEngine,
  type HpkeSuite,
  type KeyConfig,
  type OhttpProfile,
  type StreamOpener,
} from '../src/index.ts';
import { nodeEngine } from '../src/node/index.ts';
import { engines, is, p384Suite, scriptedEngine, x25519Suite } from './scene.ts';
import { chunkedOhttp, rfc9458 } from './vectors.ts';

const limits = { maxBytes: 10_000 };
const profiles: readonly (readonly [string, OhttpProfile, HpkeSuite])[] = [
  ['RFC 9458', ohttpProfile, x25519Suite],
  ['chunked', chunkedOhttpProfile, x25519Suite],
  ['Azure', azureOhttpProfile, p384Suite],
];

async function service(engine: HpkeEngine, suite = x25519Suite, keyId = 7) {
  const pair = await engine.kem(suite.kem).generateKeyPair();
  const config: KeyConfig = { keyId, kem: suite.kem, publicKey: pair.publicKey, suites: [suite] };
  const keyOf = (id: number): KemKeyPair => {
    if (id !== keyId) throw new EnclosError('HPKE_KEY_STALE');
    return pair;
  };
  return { pair, config, keyOf };
}

const held = (privateKey: string, publicKey: string): KemKeyPair =>
  new KemKeyPair(kemIds.x25519, fromHex(publicKey), fromHex(privateKey));

test('RFC 9458, appendix A: both sides give the bytes of the vector', async () => {
  const {
    keyConfig,
    privateKey,
    ephemeralKey,
    request,
    response,
    encapsulatedRequest,
    responseNonce,
    encapsulatedResponse,
  } = rfc9458;
  const config = parseKeyConfig(fromHex(keyConfig));
  assert.equal(toHex(encodeKeyConfig(config)), keyConfig);
  const sealed = await sealOhttpRequest(
    scriptedEngine(fromHex(ephemeralKey)),
    { profile: ohttpProfile, config },
    fromHex(request),
  );
  assert.equal(toHex(sealed.message), encapsulatedRequest);
  const pair = held(privateKey, toHex(config.publicKey));
  const opened = await openOhttpRequest(
    scriptedEngine(fromHex(responseNonce)),
    { profile: ohttpProfile, keyOf: () => pair, ...limits },
    sealed.message,
  );
  assert.equal(toHex(opened.request), request);
  const answer = await opened.sealResponse(fromHex(response));
  assert.equal(toHex(answer), encapsulatedResponse);
  assert.equal(toHex(await sealed.openResponse(answer, limits)), response);
});

test('draft-ietf-ohai-chunked-ohttp-08, appendix A: both sides give the bytes of the vector, chunk by chunk', async () => {
  const v = chunkedOhttp;
  const suite = { ...x25519Suite, aead: 1 } as const;
  const config = { keyId: 1, kem: kemIds.x25519, publicKey: fromHex(v.publicKey), suites: [suite] };
  const request = await beginOhttpRequest(scriptedEngine(fromHex(v.ephemeralKey)), {
    profile: chunkedOhttpProfile,
    config,
  });
  const parts = [request.head];
  for (const [index, chunk] of v.requestChunks.entries()) parts.push(await request.seal(fromHex(chunk), index === 2));
  assert.equal(toHex(concatBytes(...parts)), v.encapsulatedRequest);
  const pair = held(v.privateKey, v.publicKey);
  const opener = new OhttpRequestOpener(scriptedEngine(fromHex(v.responseNonce)), {
    profile: chunkedOhttpProfile,
    keyOf: () => pair,
    ...limits,
  });
  const opened = [...(await opener.push(fromHex(v.encapsulatedRequest))), ...(await opener.end())];
  assert.deepEqual(opened.map(toHex), v.requestChunks);
  const answer = await opener.sealResponse();
  const sent = [answer.head];
  for (const [index, chunk] of v.responseChunks.entries()) sent.push(await answer.seal(fromHex(chunk), index === 2));
  assert.equal(toHex(concatBytes(...sent)), v.encapsulatedResponse);
  const reading = request.openResponse(limits);
  const read = [...(await reading.push(concatBytes(...sent))), ...(await reading.end())];
  assert.deepEqual(read.map(toHex), v.responseChunks);
});

async function readIn(opener: StreamOpener, bytes: Uint8Array, size: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(...(await opener.push(bytes.slice(at, at + size))));
  return concatBytes(...chunks, ...(await opener.end()));
}

for (const [name, profile, suite] of profiles) {
  test(`${name}: streams of any chunks, read in pieces of any size, come back over both engines`, async () => {
    for (const [, engine] of engines) {
      const { config, keyOf } = await service(engine, suite);
      const chunksArbitrary = fc.array(fc.uint8Array({ maxLength: 300 }), {
        minLength: 1,
        maxLength: profile === ohttpProfile ? 1 : 5,
      });
      await fc.assert(
        fc.asyncProperty(
          fc.uint8Array({ maxLength: 500 }),
          chunksArbitrary,
          fc.integer({ min: 1, max: 400 }),
          async (body, chunks, size) => {
            const request = await sealOhttpRequest(engine, { profile, config }, body);
            const opener = new OhttpRequestOpener(engine, { profile, keyOf, ...limits });
            assert.deepEqual(await readIn(opener, request.message, size), body);
            const finished = new OhttpRequestOpener(engine, { profile, keyOf, ...limits });
            const begun = await finished.push(request.message.slice(0, size));
            assert.deepEqual(concatBytes(...begun, ...(await finished.finish(request.message.slice(size)))), body);
            const cut = new OhttpRequestOpener(engine, { profile, keyOf, ...limits });
            await assert.rejects(async () => cut.finish(request.message.slice(0, -size)), EnclosError);
            const sealer = await opener.sealResponse();
            const parts = [sealer.head];
            for (const [index, chunk] of chunks.entries()) {
              parts.push(await sealer.seal(chunk, index === chunks.length - 1));
            }
            assert.deepEqual(await request.openResponse(concatBytes(...parts), limits), concatBytes(...chunks));
          },
        ),
        { numRuns: suite === p384Suite ? 5 : 15 },
      );
    }
  });

  test(`${name}: a changed byte anywhere is refused`, async () => {
    const engine = nodeEngine();
    const { config, keyOf } = await service(engine, suite);
    const request = await sealOhttpRequest(engine, { profile, config }, utf8('request'));
    const answer = await (
      await openOhttpRequest(engine, { profile, keyOf, ...limits }, request.message)
    ).sealResponse(utf8('response'));
    const changed = (bytes: Uint8Array, at: number): Uint8Array =>
      bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
    for (let at = 0; at < request.message.length; at++) {
      await assert.rejects(
        openOhttpRequest(engine, { profile, keyOf, ...limits }, changed(request.message, at)),
        EnclosError,
      );
    }
    for (let at = 0; at < answer.length; at++) {
      await assert.rejects(request.openResponse(changed(answer, at), limits), EnclosError);
    }
  });

  test(`${name}: D4, a response to another request is refused, and so is one that is cut short`, async () => {
    const engine = nodeEngine();
    const { config, keyOf } = await service(engine, suite);
    const [one, two] = [
      await sealOhttpRequest(engine, { profile, config }, utf8('one')),
      await sealOhttpRequest(engine, { profile, config }, utf8('two')),
    ];
    const open = await openOhttpRequest(engine, { profile, keyOf, ...limits }, one.message);
    const answer = await open.sealResponse(utf8('for one'));
    await assert.rejects(two.openResponse(answer, limits), is('HPKE_OPEN_FAILED'));
    for (let length = 0; length < answer.length; length++) {
      await assert.rejects(one.openResponse(answer.subarray(0, length), limits), EnclosError);
    }
    for (let length = 0; length < one.message.length; length++) {
      await assert.rejects(
        openOhttpRequest(engine, { profile, keyOf, ...limits }, one.message.subarray(0, length)),
        EnclosError,
      );
    }
    // D2: the same response again has another nonce, and so another key.
    assert.notDeepEqual(await open.sealResponse(utf8('for one')), answer);
  });

  test(`${name}: D10, what is larger than the bound is refused when its length is known`, async () => {
    const engine = nodeEngine();
    const { config, keyOf } = await service(engine, suite);
    const request = await sealOhttpRequest(engine, { profile, config }, new Uint8Array(101));
    await assert.rejects(
      openOhttpRequest(engine, { profile, keyOf, maxBytes: 100 }, request.message),
      is('HPKE_LIMIT_EXCEEDED'),
    );
    const answer = await (
      await openOhttpRequest(engine, { profile, keyOf, maxBytes: 101 }, request.message)
    ).sealResponse(new Uint8Array(101));
    await assert.rejects(request.openResponse(answer, { maxBytes: 100 }), is('HPKE_LIMIT_EXCEEDED'));
  });
}

test('chunk truncated, reordered, repeated, spliced: none is taken for the whole', async () => {
  const engine = nodeEngine();
  for (const [profile, suite] of [
    [chunkedOhttpProfile, x25519Suite],
    [azureOhttpProfile, p384Suite],
  ] as const) {
    const { config, keyOf } = await service(engine, suite);
    const request = await sealOhttpRequest(engine, { profile, config }, utf8('q'));
    const open = new OhttpRequestOpener(engine, { profile, keyOf, ...limits });
    await readIn(open, request.message, 1000);
    const stream = async (): Promise<Uint8Array[]> => {
      const sealer = await open.sealResponse();
      return [
        sealer.head,
        await sealer.seal(utf8('one'), false),
        await sealer.seal(utf8('two'), false),
        await sealer.seal(utf8('three'), true),
      ];
    };
    const [head = utf8(''), one = utf8(''), two = utf8(''), three = utf8('')] = await stream();
    const [, , spliced = utf8('')] = await stream();
    assert.equal(
      Buffer.from(await request.openResponse(concatBytes(head, one, two, three), limits)).toString(),
      'onetwothree',
    );
    const attempts = [
      [one, two],
      [one],
      [],
      [two, one, three],
      [one, one, two, three],
      [one, three],
      [one, spliced, three],
      [one, two, three, three],
      [one, two, three, utf8('more')],
    ];
    for (const attempt of attempts) {
      await assert.rejects(request.openResponse(concatBytes(head, ...attempt), limits), EnclosError);
    }
    await assert.rejects(request.openResponse(concatBytes(head, one, two), limits), is('HPKE_TRUNCATED'));
    const broken = new OhttpRequestOpener(engine, { profile, keyOf, ...limits });
    await assert.rejects(broken.end(), is('HPKE_TRUNCATED'));
    await assert.rejects(broken.sealResponse(), is('HPKE_TRUNCATED'));
  }
});

test('without the mark of the last chunk, a cut would go unnoticed', async () => {
  // The attempt that the mark defeats: EHBP has none, and a stream of two chunks that is cut after one is taken as whole.
  const { ehbpFraming } = await import('../src/chunks/framing.ts');
  const engine = nodeEngine();
  const unmarked = { ...chunkedOhttpProfile, responseFraming: ehbpFraming };
  const { config, keyOf } = await service(engine);
  const request = await sealOhttpRequest(engine, { profile: unmarked, config }, utf8('q'));
  const open = new OhttpRequestOpener(engine, { profile: unmarked, keyOf, ...limits });
  await readIn(open, request.message, 1000);
  const sealer = await open.sealResponse();
  const cut = concatBytes(sealer.head, await sealer.seal(utf8('one'), false));
  assert.deepEqual(await request.openResponse(cut, limits), utf8('one'));
});

test("a route refuses the messages of the other profiles: Azure's on the draft's, and the other way round", async () => {
  const engine = nodeEngine();
  for (const suite of [x25519Suite, p384Suite]) {
    const { config, keyOf } = await service(engine, suite);
    for (const [, sent] of profiles) {
      for (const [, route] of profiles) {
        const { message } = await sealOhttpRequest(engine, { profile: sent, config }, utf8('request'));
        const opened = openOhttpRequest(engine, { profile: route, keyOf, ...limits }, message);
        // RFC 9458 and Azure's profile have the same request; their media types keep them apart.
        const isSame = sent.requestLabel === route.requestLabel;
        if (isSame) assert.deepEqual((await opened).request, utf8('request'));
        else await assert.rejects(opened, EnclosError);
      }
    }
  }
  assert.throws(() => requireRequestType(ohttpProfile, azureOhttpProfile.requestType), is('OHTTP_TYPE_REFUSED'));
  assert.throws(() => requireRequestType(chunkedOhttpProfile, ohttpProfile.requestType), is('OHTTP_TYPE_REFUSED'));
  assert.throws(() => requireRequestType(chunkedOhttpProfile, undefined), is('OHTTP_TYPE_REFUSED'));
  requireRequestType(ohttpProfile, 'Message/OHTTP-Req; charset=x');
});

test('a request to a key that is gone, or with unknown algorithms, is refused by its reason', async () => {
  const engine = nodeEngine();
  const { config, keyOf } = await service(engine);
  const { message } = await sealOhttpRequest(engine, { profile: ohttpProfile, config }, utf8('request'));
  const open = async (bytes: Uint8Array): Promise<unknown> =>
    openOhttpRequest(engine, { profile: ohttpProfile, keyOf, ...limits }, bytes);
  await assert.rejects(open(concatBytes(Uint8Array.of(8), message.subarray(1))), is('HPKE_KEY_STALE'));
  for (const at of [2, 4, 6]) {
    await assert.rejects(open(message.map((byte, index) => (index === at ? 0x77 : byte))), is('HPKE_UNSUPPORTED'));
  }
});

test('key configurations: list and bare, unknown ones passed over, each malformed one refused', async () => {
  const engine = nodeEngine();
  const { config } = await service(engine);
  const { config: azure } = await service(engine, p384Suite, 9);
  const [first, second] = [encodeKeyConfig(config), encodeKeyConfig(azure)];
  const unknownKem = concatBytes(Uint8Array.of(0, 4, 1, 0, 0x99, 0));
  assert.deepEqual(
    parseKeyConfigList(concatBytes(unknownKem, encodeKeyConfigList([config, azure]))),
    [config, azure].map(({ suites, ...rest }) => ({ ...rest, suites: suites.map(({ kdf, aead }) => ({ kdf, aead })) })),
  );
  assert.deepEqual(parseKeyConfigList(new Uint8Array(0)), []);
  assert.deepEqual(parseKeyConfig(second).publicKey, azure.publicKey);
  for (const bytes of [
    first.subarray(0, 2),
    first.subarray(0, 30),
    first.subarray(0, -1),
    concatBytes(first, Uint8Array.of(0)),
    concatBytes(first.subarray(0, 35), Uint8Array.of(0, 0)),
    concatBytes(first.subarray(0, 35), Uint8Array.of(0, 3, 0, 1, 0)),
  ]) {
    assert.throws(() => parseKeyConfig(bytes), is('OHTTP_KEYS_INVALID'));
  }
  assert.throws(
    () => parseKeyConfig(concatBytes(first.subarray(0, 37), Uint8Array.of(0, 9, 0, 9))),
    is('HPKE_UNSUPPORTED'),
  );
  assert.throws(() => parseKeyConfig(unknownKem.subarray(2)), is('HPKE_UNSUPPORTED'));
  for (const bytes of [Uint8Array.of(0), encodeKeyConfigList([config]).subarray(0, -1), new Uint8Array(65_537)]) {
    assert.throws(() => parseKeyConfigList(bytes), is('OHTTP_KEYS_INVALID'));
  }
  for (const bad of [
    { ...config, keyId: 256 },
    { ...config, suites: [] },
    { ...config, publicKey: new Uint8Array(31) },
  ]) {
    assert.throws(() => encodeKeyConfig(bad), is('OHTTP_KEYS_INVALID'));
  }
  await assert.rejects(
    sealOhttpRequest(engine, { profile: ohttpProfile, config, suite: p384Suite }, utf8('')),
    is('HPKE_UNSUPPORTED'),
  );
});

test('a stream has one last chunk, and a message of RFC 9458 has one chunk', async () => {
  const engine = nodeEngine();
  const { config } = await service(engine);
  const chunked = await beginOhttpRequest(engine, { profile: chunkedOhttpProfile, config });
  await chunked.seal(utf8('last'), true);
  await assert.rejects(chunked.seal(utf8('more'), false), is('HPKE_MESSAGE_INVALID'));
  const whole = await beginOhttpRequest(engine, { profile: ohttpProfile, config });
  await whole.seal(utf8('first'), false);
  await assert.rejects(whole.seal(utf8('second'), true), is('HPKE_MESSAGE_INVALID'));
});
