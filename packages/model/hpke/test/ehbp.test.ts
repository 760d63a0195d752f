import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { concatBytes, fromHex, toHex, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { Identity, KeyConfigMismatchError, Transport } from 'ehbp';
import {
  EhbpRequestOpener,
  beginEhbpRequest,
  ehbp,
  ehbpSuite,
  encodeKeyConfig,
  keyConfigType,
  kemIds,
  type KemKeyPair,
} from '../src/index.ts';
import { ehbpFraming } from '../src/chunks/framing.ts';
import { ChunkOpener } from '../src/chunks/stream.ts';
import { responseOpener } from '../src/hpke/response-key.ts';
import { nodeEngine } from '../src/node/index.ts';
import { is } from './scene.ts';
import { ehbpResponse } from './vectors.ts';

const engine = nodeEngine();
const limits = { maxBytes: 1_000_000 };
const newPair = async (): Promise<KemKeyPair> => engine.kem(kemIds.x25519).generateKeyPair();

/** A service that answers each request with its body, in two chunks. */
async function echoService(
  published: KemKeyPair,
  inUse: readonly KemKeyPair[],
): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      if (request.url === ehbp.keysPath) {
        const config = { keyId: 1, kem: kemIds.x25519, publicKey: published.publicKey, suites: [ehbpSuite] };
        response.setHeader('content-type', keyConfigType).end(encodeKeyConfig(config));
        return;
      }
      try {
        const encapsulatedKey = String(request.headers[ehbp.encapsulatedKeyHeader]);
        const opener = new EhbpRequestOpener(engine, { pairs: inUse, encapsulatedKey, ...limits });
        const body = concatBytes(...(await opener.push(await buffer(request))), ...(await opener.end()));
        const sealer = await opener.sealResponse();
        response
          .setHeader(ehbp.responseNonceHeader, sealer.responseNonce)
          .write(await sealer.seal(body.subarray(0, 5)));
        response.end(await sealer.seal(body.subarray(5)));
      } catch (error) {
        response.writeHead(error instanceof EnclosError && error.code === 'HPKE_KEY_STALE' ? 422 : 400, {
          'content-type': 'application/problem+json',
        });
        response.end(JSON.stringify({ type: ehbp.keyProblem, title: 'stale' }));
      }
    };
    void answer();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return { server, url: `http://127.0.0.1:${address.port}` };
}

test('stock ehbp of npm talks to ours: the current key, the one before, and a stale one', async (t) => {
  const [current, previous] = [await newPair(), await newPair()];
  const { server, url } = await echoService(current, [current, previous]);
  t.after(() => server.close());
  const send = async (transport: Transport, body: string): Promise<string> =>
    (await transport.post(`${url}/v1/infer`, body)).text();
  const client = await Transport.create(url);
  assert.equal(await send(client, 'a body for the enclave'), 'a body for the enclave');
  const long = 'x'.repeat(100_000);
  assert.equal(await send(client, long), long);
  const before = new Transport(await Identity.fromPublicKeyHex(toHex(previous.publicKey)), new URL(url).host);
  assert.equal(await send(before, 'sealed to the key before'), 'sealed to the key before');
  const stale = new Transport(await Identity.fromPublicKeyHex(toHex((await newPair()).publicKey)), new URL(url).host);
  await assert.rejects(send(stale, 'sealed to a key that is gone'), KeyConfigMismatchError);
});

test("the vector of EHBP's response opens", async () => {
  const { exportedSecret, requestEnc, responseNonce, plaintext, encryptedResponse } = ehbpResponse;
  const secret = fromHex(exportedSecret);
  const context = { suite: ehbpSuite, enc: fromHex(requestEnc), export: async () => Promise.resolve(secret) };
  const open = async (): Promise<ChunkOpener> =>
    new ChunkOpener(
      await responseOpener(engine, { context, secret, nonce: fromHex(responseNonce) }),
      ehbpFraming,
      limits,
    );
  const opener = await open();
  const empties = new Uint8Array(4 * 4096);
  const chunks = [
    ...(await opener.push(empties)),
    ...(await opener.push(fromHex(encryptedResponse))),
    ...(await opener.end()),
  ];
  assert.deepEqual(chunks.map(toHex), [plaintext]);
  await assert.rejects((await open()).push(fromHex('ffffffff00000000')), is('HPKE_LIMIT_EXCEEDED'));
  const cut = await open();
  await cut.push(fromHex(encryptedResponse).subarray(0, -1));
  await assert.rejects(cut.end(), is('HPKE_TRUNCATED'));
});

test('ours talks to ours, and D4: a response to another request is refused', async () => {
  const pair = await newPair();
  const exchange = async () => {
    const request = await beginEhbpRequest(engine, pair.publicKey);
    const opener = new EhbpRequestOpener(engine, {
      pairs: [pair],
      encapsulatedKey: request.encapsulatedKey,
      ...limits,
    });
    const body = concatBytes(await request.seal(utf8('one')), await request.seal(utf8('two')));
    return { request, opener, body };
  };
  const { request, opener, body } = await exchange();
  assert.deepEqual(concatBytes(...(await opener.push(body)), ...(await opener.end())), utf8('onetwo'));
  const sealer = await opener.sealResponse();
  const answer = await sealer.seal(utf8('answer'));
  assert.deepEqual(await (await request.openResponse(sealer.responseNonce.toUpperCase(), limits)).push(answer), [
    utf8('answer'),
  ]);
  const other = await exchange();
  await assert.rejects(
    (await other.request.openResponse(sealer.responseNonce, limits)).push(answer),
    is('HPKE_OPEN_FAILED'),
  );
  await assert.rejects(other.opener.push(body), is('HPKE_KEY_STALE'));
  await assert.rejects(other.opener.push(other.body), is('HPKE_OPEN_FAILED'), 'nothing opens after an error');
  await assert.rejects(
    new EhbpRequestOpener(engine, {
      pairs: [pair],
      encapsulatedKey: request.encapsulatedKey,
      ...limits,
    }).sealResponse(),
    is('HPKE_TRUNCATED'),
  );
});

test('headers of another form are refused', async () => {
  const request = await beginEhbpRequest(engine, (await newPair()).publicKey);
  for (const header of ['', 'ab', `${'0'.repeat(63)}g`, '0'.repeat(65)]) {
    assert.throws(
      () => new EhbpRequestOpener(engine, { pairs: [], encapsulatedKey: header, ...limits }),
      is('HPKE_MESSAGE_INVALID'),
    );
    await assert.rejects(request.openResponse(header, limits), is('HPKE_MESSAGE_INVALID'));
  }
});
