import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { decodeBhttpRequest } from '@enclos/hpke';
import { innerRequestOf, messageOf, programRequestOf, type InnerRequestOptions } from '../src/request.ts';

const digest = '22'.repeat(32);
const options: InnerRequestOptions = {
  authority: 'models.test',
  randomBytes: (length) => new Uint8Array(length).fill(7),
  models: undefined,
  withoutReceipt: false,
};
const requestId = '07'.repeat(16);
const program = { method: 'POST', path: '/v1/chat/completions', fields: [], body: utf8('{"model":"digits"}') };

test('fields of one hop, and those that the client sets, are left out', async () => {
  const hop = [
    'connection',
    'content-length',
    'expect',
    'host',
    'keep-alive',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ];
  const own = ['date', 'enclos-request-id', 'enclos-model-digest', 'enclos-receipt'];
  const headers = new Headers([...hop, ...own, 'authorization'].map((name) => [name, '1']));
  const { fields } = await programRequestOf(new Request('https://models.test/a', { headers }), {
    path: '/a',
    maxBytes: 1,
  });
  assert.deepEqual(fields, [['authorization', '1']]);
});

test('a client without receipts asks for none, whatever the program asks', () => {
  const fields = [['enclos-receipt-format', 'jws']] as const;
  const asked = { ...program, fields };
  assert.deepEqual(innerRequestOf(asked, options).fields, fields);
  assert.deepEqual(innerRequestOf(asked, { ...options, withoutReceipt: true }).fields, [
    ['enclos-receipt-format', 'none'],
  ]);
});

test('the expected digest is that of the model in the path, or else in the body', () => {
  const models = { digits: digest, 'a b': '33'.repeat(32) };
  const digestOf = (path: string, body = program.body): string | undefined =>
    innerRequestOf({ ...program, path, body }, { ...options, models }).modelDigest;
  assert.equal(digestOf('/v1/chat/completions'), digest);
  assert.equal(digestOf('/v2/models/a%20b/infer'), models['a b']);
  assert.equal(digestOf('/v1/models/digits:predict', utf8('{}')), digest);
  assert.equal(digestOf('/v2/repository/index', utf8('{}')), undefined);
  for (const path of ['/v2/models/other/infer', '/v2/models/toString/infer']) {
    assert.throws(() => digestOf(path), { code: 'INFERENCE_CLIENT_MISUSED' });
  }
  const read = innerRequestOf({ ...program, method: 'GET' }, { ...options, models });
  assert.deepEqual([read.modelDigest, read.isForModel], [undefined, false]);
});

test('a message holds time and names, and has one of few lengths for any size of head and body', () => {
  const messageLength = (fieldBytes: number, bodyBytes: number): number => {
    const fields = [['x-a', 'a'.repeat(fieldBytes)]] as const;
    const inner = innerRequestOf({ ...program, fields, body: new Uint8Array(bodyBytes) }, options);
    const message = messageOf({ ...inner, modelDigest: digest }, 1_700_000_000_000);
    const { head, content } = decodeBhttpRequest(message, { maxContentBytes: 1_000_000 });
    assert.equal(content.length, bodyBytes);
    assert.deepEqual(new Map(head.fields).get('date'), 'Tue, 14 Nov 2023 22:13:20 GMT');
    assert.deepEqual(head.fields.slice(-2), [
      ['enclos-request-id', requestId],
      ['enclos-model-digest', digest],
    ]);
    return message.length;
  };
  const lengths = new Set<number>();
  for (const fieldBytes of [0, 300, 2000]) {
    for (let bodyBytes = 0; bodyBytes < 300_000; bodyBytes += 1 + Math.floor(bodyBytes / 7)) {
      lengths.add(messageLength(fieldBytes, bodyBytes));
    }
  }
  const powers = [512, 1024, 2048, 4096, 8192, 16_384, 32_768];
  const multiples = [1, 2, 3, 4, 5].map((times) => times * 65_536);
  assert.deepEqual(
    [...lengths].toSorted((a, b) => a - b).filter((length) => !powers.includes(length)),
    multiples.filter((length) => lengths.has(length)),
  );
  assert.ok(lengths.size >= 9);
});
