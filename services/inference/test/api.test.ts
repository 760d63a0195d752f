import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import {
  inferRequestBody,
  parseInferResponse,
  parsePredictResponse,
  predictRequestBody,
  readHeaderLength,
  valuesOf,
  wholeBody,
} from '@enclos/open-inference';
import {
  adder,
  apiOf,
  digest,
  embedder,
  jsonBody,
  jsonOf,
  modelsOf,
  numbers,
  requestOf,
  speaker,
  textOf,
} from './scene.ts';

const api = apiOf(modelsOf(adder, speaker, embedder));

test('a model answers in binary, and names its digest', async () => {
  const sent = inferRequestBody({ id: 'x', inputs: [numbers(1, 2)], areInputsBinary: true, areOutputsBinary: true });
  const headers = new Map([['inference-header-content-length', String(sent.headerLength)]]);
  const answer = await api.answer(requestOf('POST', '/v2/models/adder/infer', { headers, body: wholeBody(sent) }));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['enclos-model-digest'], digest);
  const headerLength = readHeaderLength(answer.headers['inference-header-content-length']);
  assert.ok(answer.body instanceof Uint8Array);
  const { id, modelVersion, outputs } = parseInferResponse(answer.body, { headerLength });
  assert.deepEqual([id, modelVersion], ['x', '1']);
  assert.deepEqual(outputs[0] && [...valuesOf(outputs[0], 'FP32')], [2, 3]);
});

test('and in JSON, by version', async () => {
  const body = jsonBody({ inputs: [{ name: 'in', shape: [2], datatype: 'FP32', data: [1, 2] }] });
  const answer = await api.answer(requestOf('POST', '/v2/models/adder/versions/1/infer', { body }));
  assert.deepEqual(await jsonOf(answer), {
    model_name: 'adder',
    model_version: '1',
    outputs: [{ name: 'out', shape: [2], datatype: 'FP32', data: [2, 3] }],
  });
});

test('the bodies of ONNX Runtime Server work at its path and at /score', async () => {
  const body = predictRequestBody({ inputs: [numbers(4)], outputFilter: [] }, 'protobuf');
  const headers = new Map([['content-type', 'application/octet-stream']]);
  for (const path of ['/v1/models/adder/versions/1:predict', '/v1/models/adder:predict', '/score']) {
    const answer = await api.answer(requestOf('POST', path, { headers, body }));
    assert.ok(answer.body instanceof Uint8Array);
    const [out] = parsePredictResponse(answer.body, 'protobuf');
    assert.deepEqual(out && [...valuesOf(out, 'FP32')], [5], path);
  }
});

test('what the service says of itself and of its models', async () => {
  const get = async (path: string): Promise<unknown> => jsonOf(await api.answer(requestOf('GET', path)));
  assert.deepEqual(await get('/v2/health/live'), { live: true });
  assert.deepEqual(await get('/v2/health/ready'), { ready: true });
  assert.deepEqual(await get('/v2/models/adder/ready'), { name: 'adder', ready: true });
  assert.deepEqual(await get('/v2/models/adder'), {
    name: 'adder',
    versions: ['1'],
    platform: 'onnx_onnxv1',
    inputs: adder.inputs,
    outputs: adder.outputs,
  });
  const index = await jsonOf(await api.answer(requestOf('POST', '/v2/repository/index')));
  assert.deepEqual(Array.isArray(index) && index.slice(-2), [
    { name: 'other', version: '2', state: 'UNAVAILABLE', reason: 'not loaded' },
    { name: 'coming', version: '1', state: 'LOADING', reason: 'MODEL_KEY_AWAITED' },
  ]);
});

test('a model that is on its way is to be asked again, and one that is not loaded is not there', async () => {
  for (const path of ['/v2/models/coming/infer', '/v2/models/coming/versions/1/infer']) {
    const { status, headers } = await api.answer(requestOf('POST', path));
    assert.deepEqual([status, headers['retry-after']], [503, '1'], path);
  }
  for (const path of ['/v2/models/coming/versions/2/infer', '/v2/models/other/infer']) {
    assert.equal((await api.answer(requestOf('POST', path))).status, 404, path);
  }
});

test('owners are given a challenge, and what they send is taken or refused by its code', async () => {
  const asked = await api.answer(requestOf('POST', `/v1/model-keys/${digest}/challenge`));
  assert.deepEqual(await jsonOf(asked), { challenge: 'challenge', keySetDigest: digest });
  const supply = requestOf('POST', `/v1/model-keys/${digest}`, { body: utf8('a.b.c') });
  assert.equal((await api.answer(supply)).status, 200);
  const noText = requestOf('POST', `/v1/model-keys/${digest}`, { body: Uint8Array.of(0xff) });
  const refused = await api.answer(noText);
  assert.equal(refused.status, 403);
  assert.match(await textOf(refused), /MODEL_KEY_REFUSED/);
  assert.equal(api.maxBodyBytes('POST', `/v1/model-keys/${digest}`), 8192);
});

test('another model than the client expects is not asked', async () => {
  const asked: string[] = [];
  const watched = { ...adder, run: async () => (asked.push('run'), []) };
  const headers = new Map([['enclos-model-digest', '22'.repeat(32)]]);
  const body = jsonBody({ inputs: [{ name: 'in', shape: [1], datatype: 'FP32', data: [1] }] });
  const answer = await apiOf(modelsOf(watched)).answer(requestOf('POST', '/v2/models/adder/infer', { headers, body }));
  assert.equal(answer.status, 409);
  assert.deepEqual(asked, []);
});

test('a model that the body names is the one of the path', async () => {
  const body = jsonBody({ model_name: 'speaker', inputs: [{ name: 'in', shape: [1], datatype: 'FP32', data: [1] }] });
  assert.equal((await api.answer(requestOf('POST', '/v2/models/adder/infer', { body }))).status, 400);
});

test('errors have the shape of the API that was asked', async () => {
  const body = jsonBody({ model: 'adder', messages: [{ role: 'user', content: 'a' }] });
  const chat = await api.answer(requestOf('POST', '/v1/chat/completions', { body }));
  assert.equal(chat.status, 400);
  assert.deepEqual(await jsonOf(chat), {
    error: {
      message: 'The model does not serve chat completions.',
      type: 'invalid_request_error',
      param: 'model',
      code: 'INFERENCE_UNSUPPORTED',
    },
  });
  const unknown = await api.answer(requestOf('POST', '/v1/responses'));
  assert.equal(unknown.status, 404);
  assert.deepEqual(await jsonOf(unknown), {
    error: {
      message: 'The inference service has nothing at this path.',
      type: 'invalid_request_error',
      param: null,
      code: 'INFERENCE_NOT_FOUND',
    },
  });
  const infer = await api.answer(requestOf('POST', '/v2/models/absent/infer'));
  assert.equal(infer.status, 404);
  assert.match(await textOf(infer), /^\{"error":"INFERENCE_NOT_FOUND: /);
  const score = await api.answer(requestOf('POST', '/score'));
  assert.match(await textOf(score), /"error_code":400/);
});

test('an unknown path, a wrong method, and a path with a slash that is encoded', async () => {
  const status = async (method: string, path: string): Promise<number> =>
    (await api.answer(requestOf(method, path))).status;
  assert.equal(await status('GET', '/v3'), 404);
  assert.equal(await status('DELETE', '/v2'), 405);
  assert.equal(await status('GET', '/v2/models/a%2Fversions%2F1'), 404);
  assert.equal(await status('GET', '/v2/models/%ZZ'), 404);
});

test('a busy engine asks to come back, and a lost one to try again', async () => {
  const failing = (code: 'ENGINE_BUSY' | 'ENGINE_LOST') => ({
    ...adder,
    run: async () => {
      throw new EnclosError(code, undefined, { details: { retryAfterMs: 2500 } });
    },
  });
  const body = jsonBody({ inputs: [{ name: 'in', shape: [1], datatype: 'FP32', data: [1] }] });
  const busy = await apiOf(modelsOf(failing('ENGINE_BUSY'))).answer(
    requestOf('POST', '/v2/models/adder/infer', { body }),
  );
  assert.deepEqual([busy.status, busy.headers['retry-after']], [429, '3']);
  const lost = await apiOf(modelsOf(failing('ENGINE_LOST'))).answer(
    requestOf('POST', '/v2/models/adder/infer', { body }),
  );
  assert.equal(lost.status, 503);
});

test('a fault of the service says nothing of itself to the client', async () => {
  const faults: unknown[] = [];
  const faulty = { ...adder, run: async () => Promise.reject(new Error('marker')) };
  const body = jsonBody({ inputs: [{ name: 'in', shape: [1], datatype: 'FP32', data: [1] }] });
  const answer = await apiOf(modelsOf(faulty), faults).answer(requestOf('POST', '/v2/models/adder/infer', { body }));
  assert.equal(answer.status, 500);
  assert.doesNotMatch(await textOf(answer), /marker/);
  assert.equal(faults.length, 1);
});

test('models are changed by clients only where the measured configuration says so', async () => {
  const changes: string[] = [];
  const change = (what: string) => async (name: string) => void changes.push(`${what} ${name}`);
  const models = { ...modelsOf(adder), load: change('load'), unload: change('unload') };
  for (const [isAllowed, status] of [
    [false, 403],
    [true, 200],
  ] as const) {
    const changing = apiOf(models, [], isAllowed);
    for (const what of ['unload', 'load']) {
      const answer = await changing.answer(requestOf('POST', `/v2/repository/models/adder/${what}`));
      assert.equal(answer.status, status);
    }
  }
  assert.deepEqual(changes, ['unload adder', 'load adder']);
});

test('embeddings come in the order of the inputs', async () => {
  const body = jsonBody({ model: 'embedder', input: [[1, 2], [5]], encoding_format: 'float' });
  const answer = await jsonOf(await api.answer(requestOf('POST', '/v1/embeddings', { body })));
  assert.deepEqual(answer, {
    object: 'list',
    data: [
      { object: 'embedding', index: 0, embedding: [3, 1] },
      { object: 'embedding', index: 1, embedding: [5, 1] },
    ],
    model: 'embedder',
    usage: { prompt_tokens: 3, total_tokens: 3 },
  });
});

test('the bound of a body follows from its head', () => {
  assert.equal(api.maxBodyBytes('POST', '/v2/models/a/infer'), 1_048_576);
  assert.equal(api.maxBodyBytes('POST', '/v2/repository/index'), 65_536);
  assert.equal(api.maxBodyBytes('GET', '/v2'), 4096);
  assert.equal(api.maxBodyBytes('POST', '/elsewhere'), 4096);
});
