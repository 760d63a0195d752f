import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeModel } from '@enclos/inference-models/graphs';
import { openEncryptedModel, readEncryptedModel, readModelKey } from '@enclos/inference-models/node';
import { parseInferRequest, parsePredictRequest } from '@enclos/open-inference';
import { enclos, errorOf, temporaryFolder } from '../../cli.ts';

const folder = temporaryFolder();
const value = (
  name: string,
  datatype: 'BOOL' | 'BYTES' | 'FP16' | 'FP32' | 'INT64',
  shape: readonly (number | string)[],
) => ({ name, datatype, shape }) as const;
const model = writeModel({
  nodes: [{ operator: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
  inputs: [
    value('x', 'FP32', ['batch', 2]),
    value('n', 'INT64', []),
    value('flags', 'BOOL', [3]),
    value('half', 'FP16', ['?', 2]),
    value('words', 'BYTES', ['batch']),
  ],
  outputs: [value('y', 'FP32', ['batch', 2])],
  initializers: [{ name: 'w', datatype: 'FP32', shape: [2], data: new Uint8Array(8) }],
  metadata: { author: 'a test' },
});
const digest = createHash('sha256').update(model).digest('hex');
writeFileSync(join(folder, 'digits.onnx'), model);
const run = async (...argv: readonly string[]): ReturnType<typeof enclos> =>
  enclos(['model', ...argv], { cwd: folder });

test('info shows what a model takes, gives and uses', async () => {
  const ran = await run('info', 'digits.onnx');
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, new RegExp(`SHA-256 +${digest}`));
  assert.match(ran.stdout, /\n {2}x +FP32 \[batch, 2\]\n {2}n +INT64 \[\]\n/);
  assert.match(ran.stdout, /Operators\n {2}Add +1\nMetadata\n {2}author +a test\n/);
  const json = (await run('info', 'digits.onnx', '--json')).json();
  assert.deepEqual([json['kind'], json['digest'], json['opsets']], ['model', digest, { '': 17 }]);
});

test('hash prints the digest that manifests, catalogues and receipts have', async () => {
  assert.equal((await run('hash', 'digits.onnx')).stdout, `${digest}\n`);
});

test('a model is encrypted under a new key, which is never overwritten, and opens to the same bytes', async () => {
  const ran = await run('encrypt', 'digits.onnx', '--new-key', 'digits.key', '--key-id', 'kbs:///default/model/digits');
  assert.equal(ran.code, 0, ran.stderr);
  const key = readModelKey(readFileSync(join(folder, 'digits.key')));
  assert.equal(statSync(join(folder, 'digits.key')).mode & 0o077, 0);
  const encrypted = readEncryptedModel(readFileSync(join(folder, 'digits.onnx.jwe')), { maxBytes: 10_000 });
  assert.equal(encrypted.keyId, 'kbs:///default/model/digits');
  assert.deepEqual(openEncryptedModel(encrypted, key, { name: 'digits', digest }), model);
  const again = await run('encrypt', 'digits.onnx', '--new-key', 'digits.key', '--json');
  assert.deepEqual([again.code, errorOf(again).code], [2, 'CLI_FILE_INVALID']);
  assert.match(errorOf(again).next, /--key .*digits\.key to encrypt with the key that is there/);
  const other = await run(
    'encrypt',
    'digits.onnx',
    '--key',
    'digits.key',
    '--name',
    'letters',
    '--out',
    'letters.jwe',
    '--json',
  );
  assert.equal(other.code, 0, other.stderr);
  assert.deepEqual([other.json()['name'], other.json()['digest']], ['letters', digest]);
  const shown = await run('info', 'letters.jwe', '--json');
  assert.deepEqual(shown.json()['binding'], { name: 'letters', digest });
  assert.match(
    (await run('info', 'digits.onnx.jwe')).stdout,
    /An encrypted model.\n {2}key +kbs:\/\/\/default\/model\/digits\n/,
  );
});

test('an encrypted model is not hashed, encrypted again or given inputs', async () => {
  await run('encrypt', 'digits.onnx', '--new-key', 'once.key', '--out', 'once.jwe');
  const lines = [
    ['hash', 'once.jwe'],
    ['encrypt', 'once.jwe', '--key', 'once.key'],
    ['test-inputs', 'once.jwe'],
  ];
  for (const argv of lines) {
    const ran = await run(...argv, '--json');
    assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_USAGE'], argv[0]);
  }
});

test('what is not a model, and a key that is not one, are refused', async () => {
  writeFileSync(join(folder, 'page.onnx'), '<!doctype html>');
  writeFileSync(join(folder, 'short.key'), new Uint8Array(31));
  const lines = [
    ['MODEL_INVALID', 'info', 'page.onnx'],
    ['MODEL_INVALID', 'encrypt', 'page.onnx', '--new-key', 'page.key'],
    ['MODEL_KEY_INVALID', 'encrypt', 'digits.onnx', '--key', 'short.key'],
    ['CLI_USAGE', 'encrypt', 'digits.onnx'],
    ['CLI_USAGE', 'encrypt', 'digits.onnx', '--key', 'short.key', '--new-key', 'other.key'],
    ['CLI_USAGE', 'test-inputs', 'digits.onnx', '--dimension', 'width=3'],
    ['CLI_USAGE', 'test-inputs', 'digits.onnx', '--dimension', 'batch=0'],
    ['CLI_USAGE', 'test-inputs', 'digits.onnx', '--seed', '-1'],
    ['CLI_FILE_UNREADABLE', 'info', 'missing.onnx'],
  ] as const;
  for (const [code, ...argv] of lines) {
    const ran = await run(...argv, '--json');
    assert.deepEqual([ran.code, errorOf(ran).code], [2, code], argv.join(' '));
  }
});

test('inputs are made for each input of a model, in each form, and the seed decides them', async () => {
  const names = ['flags', 'half', 'n', 'words', 'x'];
  const shapes = { flags: [3], half: [1, 2], n: [], words: [4], x: [4, 2] } as Record<string, readonly number[]>;
  const write = async (...argv: readonly string[]): ReturnType<typeof enclos> =>
    run('test-inputs', 'digits.onnx', '--dimension', 'batch=4', '--out', 'made', '--json', ...argv);
  const made = (): Uint8Array => new Uint8Array(readFileSync(join(folder, 'made')));
  for (const form of ['binary', 'predict-json', 'predict-protobuf'] as const) {
    const ran = await write('--form', form);
    assert.equal(ran.code, 0, ran.stderr);
    const headerLength = ran.json()['headerLength'] as number | undefined;
    const inputs =
      form === 'binary'
        ? parseInferRequest(made(), { headerLength }).inputs
        : parsePredictRequest(made(), form === 'predict-json' ? 'json' : 'protobuf').inputs;
    assert.deepEqual(inputs.map(({ name }) => name).toSorted(), names);
    for (const { name, shape } of inputs) assert.deepEqual(shape, shapes[name], name);
  }
  await write('--form', 'binary');
  const first = made();
  await write('--form', 'binary');
  assert.deepEqual(made(), first);
  await write('--form', 'binary', '--seed', '2');
  assert.notDeepEqual(made(), first);
});
