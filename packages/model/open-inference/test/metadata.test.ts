import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import {
  errorJson,
  errorMessageOf,
  indexJson,
  liveJson,
  modelMetadataJson,
  modelReadyJson,
  onnxPlatform,
  parseIndex,
  parseIndexRequest,
  parseLoadRequest,
  parseModelMetadata,
  parseServerMetadata,
  parseUnloadRequest,
  readyJson,
  serverExtensions,
  serverMetadataJson,
  type ModelMetadata,
} from '../src/index.ts';
import { refused } from './refused.ts';

const model: ModelMetadata = {
  name: 'digits',
  versions: ['1', '2'],
  platform: onnxPlatform,
  inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 28, 28] }],
  outputs: [{ name: 'scores', datatype: 'FP32', shape: [-1, 10] }],
};
const change = (members: object): Uint8Array =>
  utf8(JSON.stringify({ ...(JSON.parse(modelMetadataJson(model)) as object), ...members }));

test('metadata of server and model come back, and other members are ignored', () => {
  const server = { name: 'enclos', version: '1', extensions: serverExtensions };
  assert.deepEqual({ ...parseServerMetadata(utf8(serverMetadataJson(server))) }, server);
  assert.deepEqual(JSON.parse(JSON.stringify(parseModelMetadata(utf8(modelMetadataJson(model))))), model);
  assert.deepEqual(parseModelMetadata(change({ extra: 1, versions: undefined })).versions, []);
  assert.deepEqual(parseModelMetadata(change({ inputs: undefined })).inputs, []);
  assert.equal('versions' in (JSON.parse(modelMetadataJson({ ...model, versions: [] })) as object), false);
});

test('metadata that is wrong is refused', () => {
  const [input] = model.inputs;
  for (const members of [
    { name: undefined },
    { platform: 7 },
    { inputs: [input, input] },
    { inputs: [{ ...input, datatype: 'FP8' }] },
    { inputs: [{ ...input, shape: [-2] }] },
    { inputs: [{ ...input, shape: [0.5] }] },
    { inputs: [{ ...input, shape: ['1'] }] },
    { inputs: [{ ...input, shape: Array.from({ length: 17 }, () => 1) }] },
    { outputs: {} },
  ]) {
    assert.throws(
      () => parseModelMetadata(change(members)),
      refused('INFERENCE_MESSAGE_INVALID'),
      JSON.stringify(members),
    );
  }
  for (const text of ['', '[]', '{"name":"a"}']) {
    assert.throws(() => parseServerMetadata(utf8(text)), refused('INFERENCE_MESSAGE_INVALID'));
  }
});

test('health, readiness and errors have their bodies', () => {
  assert.deepEqual(JSON.parse(liveJson), { live: true });
  assert.deepEqual(JSON.parse(readyJson(false)), { ready: false });
  assert.deepEqual(JSON.parse(modelReadyJson('digits', true)), { name: 'digits', ready: true });
  assert.equal(errorMessageOf(utf8(errorJson('no such model'))), 'no such model');
  for (const text of ['<html>', '{"error":{}}', '{}']) assert.equal(errorMessageOf(utf8(text)), undefined);
});

test('the index of a repository comes back, and its request may be empty', () => {
  const entries = [
    { name: 'digits', version: '1', state: 'READY', reason: '' },
    { name: 'voice', version: '3', state: 'UNAVAILABLE', reason: 'unloaded' },
  ] as const;
  assert.deepEqual(
    parseIndex(utf8(indexJson(entries))).map((entry) => ({ ...entry })),
    entries,
  );
  assert.deepEqual(
    { ...parseIndex(utf8('[{"name":"a","state":"LOADING"}]'))[0] },
    { name: 'a', version: '', state: 'LOADING', reason: '' },
  );
  for (const text of ['{}', '[{"name":"a"}]', '[{"name":"a","state":"BROKEN"}]']) {
    assert.throws(() => parseIndex(utf8(text)), refused('INFERENCE_MESSAGE_INVALID'), text);
  }
  assert.equal(parseIndexRequest(new Uint8Array()).onlyReady, false);
  assert.equal(parseIndexRequest(utf8('{"ready":true}')).onlyReady, true);
  assert.throws(() => parseIndexRequest(utf8('{"ready":1}')), refused('INFERENCE_MESSAGE_INVALID'));
});

test('requests to load and unload may be empty, and bring no model', () => {
  assert.equal(parseLoadRequest(new Uint8Array()).size, 0);
  assert.equal(parseLoadRequest(utf8('{"parameters":{"version":"2"}}')).get('version'), '2');
  assert.equal(parseUnloadRequest(utf8('{"parameters":{"unload_dependents":true}}')).unloadDependents, true);
  assert.equal(parseUnloadRequest(utf8('{}')).unloadDependents, false);
  for (const name of ['config', 'file:1/model.onnx']) {
    assert.throws(
      () => parseLoadRequest(utf8(JSON.stringify({ parameters: { [name]: '' } }))),
      refused('INFERENCE_UNSUPPORTED'),
    );
  }
  for (const text of ['{"extra":1}', '{"parameters":{"unload_dependents":"yes"}}', '{"parameters":7}', '{} x']) {
    assert.throws(() => parseUnloadRequest(utf8(text)), refused('INFERENCE_MESSAGE_INVALID'), text);
  }
});
