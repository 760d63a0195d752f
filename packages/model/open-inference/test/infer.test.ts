import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, utf8 } from '@enclos/codec';
import fc from 'fast-check';
import {
  bytesTensorOf,
  defaultTensorLimits,
  inferRequestBody,
  inferResponseBody,
  parseInferRequest,
  parseInferResponse,
  readHeaderLength,
  tensorOf,
  valuesOf,
  wholeBody,
  type OutgoingBody,
  type Tensor,
} from '../src/index.ts';
import { refused } from './refused.ts';
import { anyTensor, awkwardTensors, jsonTensor } from './tensors.ts';

const plain = (tensors: readonly Tensor[]): readonly Tensor[] =>
  tensors.map(({ name, datatype, shape, data }) => ({
    name,
    datatype,
    shape: [...shape],
    data: Uint8Array.from(data),
  }));
const request = (inputs: readonly Tensor[], areInputsBinary: boolean): OutgoingBody =>
  inferRequestBody({ inputs, areInputsBinary, areOutputsBinary: false });
const named = (tensors: readonly Tensor[]): readonly Tensor[] =>
  tensors.map((tensor, index) => ({ ...tensor, name: `${index}` }));
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));
const input = { name: 'x', shape: [2], datatype: 'UINT8', data: [1, 2] };

test('every datatype, scalars and empty tensors come back byte by byte, in JSON and in binary', () => {
  for (const areInputsBinary of [false, true]) {
    const body = request(awkwardTensors, areInputsBinary);
    const { inputs } = parseInferRequest(wholeBody(body), { headerLength: body.headerLength });
    assert.deepEqual(plain(inputs), plain(awkwardTensors));
  }
});

test('any tensor that JSON can express comes back by JSON, and any at all by binary', () => {
  fc.assert(
    fc.property(fc.array(jsonTensor, { minLength: 1, maxLength: 3 }), (tensors) => {
      const inputs = named(tensors);
      assert.deepEqual(plain(parseInferRequest(wholeBody(request(inputs, false))).inputs), plain(inputs));
    }),
  );
  fc.assert(
    fc.property(fc.array(anyTensor, { minLength: 1, maxLength: 3 }), (tensors) => {
      const inputs = named(tensors);
      const body = request(inputs, true);
      const whole = wholeBody(body);
      assert.equal(whole.length, body.sizeBytes);
      assert.deepEqual(plain(parseInferRequest(whole, { headerLength: body.headerLength }).inputs), plain(inputs));
      const answer = inferResponseBody({ modelName: 'm', outputs: inputs }, { outputs: [], areOutputsBinary: true });
      const { outputs } = parseInferResponse(wholeBody(answer), { headerLength: answer.headerLength });
      assert.deepEqual(plain(outputs), plain(inputs));
    }),
  );
});

test('what JSON cannot express is refused, never replaced', () => {
  const tensors = [
    tensorOf('x', 'FP32', Float32Array.of(1, Number.NaN)),
    tensorOf('x', 'FP64', Float64Array.of(-Infinity)),
    tensorOf('x', 'FP16', Uint16Array.of(0x7c00)),
    tensorOf('x', 'BF16', Uint16Array.of(0xffff)),
    bytesTensorOf('x', [Uint8Array.of(0xc3, 0x28)]),
  ];
  for (const tensor of tensors) {
    assert.throws(() => request([tensor], false), refused('INFERENCE_NOT_JSON'));
    const body = request([tensor], true);
    const { inputs } = parseInferRequest(wholeBody(body), { headerLength: body.headerLength });
    assert.deepEqual(plain(inputs), plain([tensor]));
  }
});

test('the request of the specification is read, and members may come in any order', () => {
  const text = `{"outputs":[{"name":"output0"}],"inputs":[{"data":[1,2,3,4],"datatype":"UINT32","shape":[2,2],"name":"input0"},
    {"name":"input1","data":[true,false,true],"shape":[3],"datatype":"BOOL"}],"id":"42"}`;
  const { id, inputs, outputs, areOutputsBinary } = parseInferRequest(utf8(text));
  assert.equal(id, '42');
  assert.deepEqual(
    inputs.map(({ name }) => name),
    ['input0', 'input1'],
  );
  assert.deepEqual([...(inputs[0]?.data ?? [])], [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0]);
  assert.deepEqual([...(inputs[1]?.data ?? [])], [1, 0, 1]);
  assert.deepEqual(outputs, [{ name: 'output0', isBinary: undefined }]);
  assert.equal(areOutputsBinary, false);
});

test("the binary request of Triton's documentation is read from its bytes", () => {
  const head = utf8(
    '{"model_name":"mymodel","inputs":[{"name":"input0","shape":[2,2],"datatype":"UINT32","parameters":{"binary_data_size":16}},' +
      '{"name":"input1","shape":[3],"datatype":"BOOL","parameters":{"binary_data_size":3}}],' +
      '"outputs":[{"name":"output0","parameters":{"binary_data":true}}]}',
  );
  const first = Uint8Array.from({ length: 16 }, (_, index) => index);
  const body = concatBytes(head, first, Uint8Array.of(1, 0, 1));
  const { modelName, inputs, outputs } = parseInferRequest(body, { headerLength: head.length });
  assert.equal(modelName, 'mymodel');
  assert.deepEqual(plain(inputs), [
    { name: 'input0', datatype: 'UINT32', shape: [2, 2], data: first },
    { name: 'input1', datatype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) },
  ]);
  assert.equal(inputs[0]?.data.buffer, body.buffer, 'a view');
  assert.deepEqual(outputs, [{ name: 'output0', isBinary: true }]);
  const answer = inferResponseBody(
    { modelName: 'mymodel', outputs: [tensorOf('output0', 'FP32', new Float32Array(6), [3, 2])] },
    { outputs, areOutputsBinary: false },
  );
  assert.equal(answer.sizeBytes - (answer.headerLength ?? 0), 24);
  assert.equal(answer.contentType, 'application/octet-stream');
});

test('binary data begins at a multiple of eight, so a client views it without a copy', () => {
  for (const id of ['', 'a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdefg']) {
    const values = Float64Array.of(1.5);
    const body = inferRequestBody({
      id,
      inputs: [tensorOf('x', 'FP64', values)],
      areInputsBinary: true,
      areOutputsBinary: true,
    });
    assert.equal((body.headerLength ?? 1) % 8, 0);
    const whole = wholeBody(body);
    const [tensor] = parseInferRequest(whole, { headerLength: body.headerLength }).inputs;
    assert.ok(tensor !== undefined);
    assert.equal(valuesOf(tensor, 'FP64').buffer, whole.buffer);
  }
});

test('each output comes as asked: binary by default, JSON by its name', () => {
  const outputs = [tensorOf('a', 'UINT8', Uint8Array.of(1)), tensorOf('b', 'UINT8', Uint8Array.of(2))];
  const asked = parseInferRequest(
    json({
      inputs: [input],
      parameters: { binary_data_output: true },
      outputs: [{ name: 'a', parameters: { binary_data: false } }, { name: 'b' }],
    }),
  );
  const body = inferResponseBody({ modelName: 'm', modelVersion: '3', id: '7', outputs }, asked);
  const text = new TextDecoder().decode(body.parts[0]);
  assert.deepEqual(JSON.parse(text), {
    model_name: 'm',
    model_version: '3',
    id: '7',
    outputs: [
      { name: 'a', shape: [1], datatype: 'UINT8', data: [1] },
      { name: 'b', shape: [1], datatype: 'UINT8', parameters: { binary_data_size: 1 } },
    ],
  });
  const response = parseInferResponse(wholeBody(body), { headerLength: body.headerLength });
  assert.deepEqual(plain(response.outputs), plain(outputs));
  assert.deepEqual([response.modelName, response.modelVersion, response.id], ['m', '3', '7']);
});

test('a body without JSON is the only input, whose shape follows from its length', () => {
  const raw = (shape: readonly number[], datatype: Tensor['datatype'], body: Uint8Array): Tensor | undefined =>
    parseInferRequest(body, { headerLength: 0, modelInputs: [{ name: 'x', datatype, shape }] }).inputs[0];
  assert.deepEqual(raw([-1, 2], 'FP32', new Uint8Array(24))?.shape, [3, 2]);
  assert.deepEqual(raw([2, 3], 'UINT8', new Uint8Array(6))?.shape, [2, 3]);
  assert.deepEqual(raw([], 'FP64', new Uint8Array(8))?.shape, []);
  assert.deepEqual([...(raw([-1], 'BYTES', utf8('ab'))?.data ?? [])], [2, 0, 0, 0, 97, 98]);
  assert.deepEqual(raw([1, -1], 'BYTES', utf8('ab'))?.shape, [1, 1]);
  assert.equal(
    parseInferRequest(new Uint8Array(1), {
      headerLength: 0,
      modelInputs: [{ name: 'x', datatype: 'INT8', shape: [1] }],
    }).areOutputsBinary,
    true,
  );
  assert.throws(() => raw([-1, 2], 'FP32', new Uint8Array(20)), refused('INFERENCE_TENSOR_INVALID'));
  assert.throws(() => raw([-1, 0], 'FP32', new Uint8Array(4)), refused('INFERENCE_TENSOR_INVALID'));
  assert.throws(() => raw([-1, 2], 'FP32', new Uint8Array(23)), refused('INFERENCE_TENSOR_INVALID'));
  assert.throws(() => raw([2], 'BYTES', utf8('ab')), refused('INFERENCE_TENSOR_INVALID'));
  assert.throws(() => raw([-1, -1], 'FP32', new Uint8Array(4)), refused('INFERENCE_MESSAGE_INVALID'));
  const twice = [
    { name: 'x', datatype: 'INT8', shape: [1] },
    { name: 'y', datatype: 'INT8', shape: [1] },
  ] as const;
  for (const modelInputs of [[], twice]) {
    assert.throws(
      () => parseInferRequest(new Uint8Array(1), { headerLength: 0, modelInputs }),
      refused('INFERENCE_MESSAGE_INVALID'),
    );
  }
});

test('header anchor: the length of the JSON is not the length of the body, although its name ends so', () => {
  const headers = new Headers({ 'Content-Length': '100', 'Inference-Header-Content-Length': '40' });
  assert.equal(readHeaderLength(headers.get('inference-header-content-length')), 40);
  assert.equal(
    readHeaderLength(new Headers({ 'Content-Length': '100' }).get('inference-header-content-length')),
    undefined,
  );
  for (const value of ['', ' 4', '-1', '+4', '4.0', '0x4', '4, 4', '1'.repeat(16)]) {
    assert.throws(() => readHeaderLength(value), refused('INFERENCE_MESSAGE_INVALID'), value);
  }
});

test('each rule of a request refuses', () => {
  const binary = { name: 'x', shape: [2], datatype: 'UINT8', parameters: { binary_data_size: 2 } };
  const cases: readonly (readonly [string, unknown])[] = [
    ['no inputs', { id: '1' }],
    ['a member that is not known', { inputs: [input], extra: 1 }],
    ['a member of an input that is not known', { inputs: [{ ...input, extra: 1 }] }],
    ['a member of an output that is not known', { inputs: [input], outputs: [{ name: 'a', extra: 1 }] }],
    ['no name', { inputs: [{ ...input, name: undefined }] }],
    ['an empty name', { inputs: [{ ...input, name: '' }] }],
    ['no shape', { inputs: [{ ...input, shape: undefined }] }],
    ['no datatype', { inputs: [{ ...input, datatype: undefined }] }],
    ['a datatype that is not known', { inputs: [{ ...input, datatype: 'FP8' }] }],
    ['no data', { inputs: [{ ...input, data: undefined }] }],
    ['two inputs of one name', { inputs: [input, input] }],
    ['two outputs of one name', { inputs: [input], outputs: [{ name: 'a' }, { name: 'a' }] }],
    ['an output without a name', { inputs: [input], outputs: [{}] }],
    ['a long id', { inputs: [input], id: 'x'.repeat(257) }],
    ['an id that is a number', { inputs: [input], id: 7 }],
    ['a nested parameter', { inputs: [input], parameters: { a: {} } }],
    ['a parameter of the wrong kind', { inputs: [input], parameters: { binary_data_output: 1 } }],
    ['both forms of data', { inputs: [{ ...input, ...binary, data: [1, 2] }] }],
    ['more binary data than there is', { inputs: [binary] }],
    ['a size that is negative', { inputs: [{ ...binary, parameters: { binary_data_size: -1 } }] }],
    ['a size that is a fraction', { inputs: [{ ...binary, parameters: { binary_data_size: 0.5 } }] }],
  ];
  for (const [what, value] of cases) {
    assert.throws(() => parseInferRequest(json(value)), refused('INFERENCE_MESSAGE_INVALID'), what);
  }
  const texts = [
    '',
    '[]',
    '{',
    `{"id":"1","id":"2","inputs":[]}`,
    `${JSON.stringify({ inputs: [input] })} x`,
    '{"inputs":[]}{}',
  ];
  for (const text of texts) {
    assert.throws(() => parseInferRequest(utf8(text)), refused('INFERENCE_MESSAGE_INVALID'), text);
  }
});

test('tensors that do not fit are refused, in JSON and in binary', () => {
  for (const change of [
    { shape: [3] },
    { shape: [1] },
    { shape: [-2] },
    { shape: [1.5] },
    { data: [1, 256] },
    { data: [1, '2'] },
  ]) {
    assert.throws(
      () => parseInferRequest(json({ inputs: [{ ...input, ...change }] })),
      (error) => refused('INFERENCE_TENSOR_INVALID')(error) || refused('INFERENCE_MESSAGE_INVALID')(error),
      JSON.stringify(change),
    );
  }
  for (const shape of [[2 ** 40], [4096, 4096, 4096], [0, 2 ** 30], Array.from({ length: 17 }, () => 1)]) {
    assert.throws(
      () => parseInferRequest(json({ inputs: [{ ...input, shape }] })),
      refused('INFERENCE_LIMIT_EXCEEDED'),
    );
  }
  const many = Array.from({ length: defaultTensorLimits.maxTensors + 1 }, (_, index) => ({
    ...input,
    name: `${index}`,
  }));
  assert.throws(() => parseInferRequest(json({ inputs: many })), refused('INFERENCE_LIMIT_EXCEEDED'));
  const sized = (size: number, shape: readonly number[]): Uint8Array =>
    json({ inputs: [{ name: 'x', datatype: 'UINT16', shape, parameters: { binary_data_size: size } }] });
  for (const [size, shape] of [
    [4, [1]],
    [4, [3]],
    [3, [1]],
  ] as const) {
    const head = sized(size, shape);
    const body = concatBytes(head, new Uint8Array(size));
    assert.throws(() => parseInferRequest(body, { headerLength: head.length }), refused('INFERENCE_TENSOR_INVALID'));
  }
  const head = sized(4, [2]);
  const trailing = concatBytes(head, new Uint8Array(5));
  assert.throws(() => parseInferRequest(trailing, { headerLength: head.length }), refused('INFERENCE_MESSAGE_INVALID'));
  assert.throws(() => parseInferRequest(trailing, { headerLength: 10_000 }), refused('INFERENCE_MESSAGE_INVALID'));
});

test('parameters that would change the answer are refused, others are passed on', () => {
  assert.equal(parseInferRequest(json({ inputs: [input], parameters: { priority: 2 } })).parameters.get('priority'), 2);
  for (const name of ['classification', 'sequence_id', 'shared_memory_region']) {
    const parameters = { [name]: 1 };
    for (const value of [
      { inputs: [input], parameters },
      { inputs: [{ ...input, parameters }] },
      { inputs: [input], outputs: [{ name: 'a', parameters }] },
    ]) {
      assert.throws(() => parseInferRequest(json(value)), refused('INFERENCE_UNSUPPORTED'), name);
    }
  }
});

test('an answer needs its model and its outputs, and other servers may add members', () => {
  const outputs = [input];
  assert.equal(parseInferResponse(json({ model_name: 'm', outputs, extra: { a: [1] } })).modelName, 'm');
  for (const value of [{ outputs }, { model_name: 'm' }]) {
    assert.throws(() => parseInferResponse(json(value)), refused('INFERENCE_MESSAGE_INVALID'));
  }
});
