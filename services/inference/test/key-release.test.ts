import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { tlsKeyPair } from '@enclos/testkit';
import { encryptedFile, entryOf, modelKey, modelsScene, type ModelsScene } from './models-scene.ts';
import { ReleaseService, type Answer } from './release-service.ts';

const manifest = { models: [entryOf('digits', 7, { keyId: 'release:///digits' })] };
const files = { 'digits-1': encryptedFile('digits', 7) };
const otherKey = new Uint8Array(randomBytes(32));

async function started(t: TestContext, secret: Uint8Array): Promise<ReleaseService> {
  const service = await new ReleaseService(secret).start();
  t.after(() => service.close());
  return service;
}

/** An enclave that the host connects to this service. */
function enclaveOf(t: TestContext, { port }: ReleaseService, authorities?: readonly string[]): ModelsScene {
  const release = { port, ...(authorities === undefined ? {} : { authorities }) };
  const scene = modelsScene({ manifest, files, release });
  t.after(() => scene.models.shelf.close());
  return scene;
}

const refused = (code: ErrorCode) => (error: unknown) => isEnclosError(error, code);

test('a released key opens the model; evidence is about a key pair that is made for each request', async (t) => {
  const service = await started(t, modelKey);
  const { models } = enclaveOf(t, service);
  await models.shelf.load('digits');
  await models.shelf.unload('digits');
  await models.shelf.load('digits');
  assert.equal(models.shelf.isReady, true);
  const bound = service.runtimeData.map((data) => createHash('sha256').update(data).digest('hex'));
  // The quotes of these tests are the report data.
  assert.deepEqual(
    service.quotes.map((quote) => Buffer.from(quote).toString('hex')),
    bound.map((digest) => digest.padEnd(128, '0')),
  );
  assert.equal(new Set(bound).size, 2);
});

test('a server with any certificate passes for the service, and its key opens nothing', async (t) => {
  const impostor = await started(t, otherKey);
  const { models } = enclaveOf(t, impostor);
  await assert.rejects(models.shelf.load('digits'), refused('MODEL_NOT_OPENED'));
  assert.equal(models.shelf.isReady, false);
  // The enclave asks again with each attempt, and keeps nothing of what it was given.
  impostor.secret = modelKey;
  await models.shelf.load('digits');
  assert.equal(models.shelf.isReady, true);
});

test('with roots in the configuration a server without a certificate of theirs gets no evidence', async (t) => {
  const service = await started(t, modelKey);
  const { cert } = tlsKeyPair(selfSignedCertificate, 'keys.test');
  await assert.rejects(
    enclaveOf(t, service, [cert]).models.shelf.load('digits'),
    refused('MODEL_KEY_SERVICE_UNREACHABLE'),
  );
  assert.deepEqual(service.asked, []);
  await enclaveOf(t, service, [service.certificate]).models.shelf.load('digits');
});

test('what the service answered before is not an answer again, and opens for no other enclave', async (t) => {
  const service = await started(t, modelKey);
  const recorded = new Map<string, Answer>();
  service.change = (path, answer) => {
    recorded.set(path, answer);
    return answer;
  };
  await enclaveOf(t, service).models.shelf.load('digits');
  const secret = Buffer.from(modelKey);
  const crossed = JSON.stringify([...recorded.values()]);
  assert.ok(['hex', 'base64', 'base64url'].every((form) => !crossed.includes(secret.toString(form as 'hex'))));
  for (const replayed of [['/attest/SgxEnclave'], ['/key/release'], ['/attest/SgxEnclave', '/key/release']]) {
    service.change = (path, answer) => (replayed.includes(path) ? (recorded.get(path) ?? answer) : answer);
    await assert.rejects(
      enclaveOf(t, service).models.shelf.load('digits'),
      refused('MODEL_KEY_ANSWER_INVALID'),
      replayed.join(),
    );
  }
});

test('a service that refuses, fails or speaks something else is told apart', async (t) => {
  const service = await started(t, modelKey);
  for (const [code, answer] of [
    ['MODEL_KEY_REFUSED', [403, { error: { code: 'Forbidden' } }]],
    ['MODEL_KEY_REFUSED', [404, 'no']],
    ['MODEL_KEY_SERVICE_UNREACHABLE', [503, '']],
    ['MODEL_KEY_SERVICE_UNREACHABLE', [429, '']],
    ['MODEL_KEY_ANSWER_INVALID', [200, '']],
    ['MODEL_KEY_ANSWER_INVALID', [200, {}]],
    ['MODEL_KEY_ANSWER_INVALID', [200, { token: 'a.b.c', value: 'a.b.c', keys: [] }]],
    ['MODEL_KEY_ANSWER_INVALID', [302, '']],
  ] as const) {
    for (const at of ['/certs', '/attest/SgxEnclave', '/key/release']) {
      service.change = (path, usual) => (path === at ? answer : usual);
      const loading = enclaveOf(t, service).models.shelf.load('digits');
      await assert.rejects(loading, refused(code), `${at} ${JSON.stringify(answer)}`);
    }
  }
  service.change = (_, usual) => usual;
  await enclaveOf(t, service).models.shelf.load('digits');
  service.secret = modelKey.subarray(1);
  await assert.rejects(enclaveOf(t, service).models.shelf.load('digits'), refused('MODEL_KEY_INVALID'));
});
