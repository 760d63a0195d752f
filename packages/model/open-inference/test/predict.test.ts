import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBase64, toBase64, utf8 } from '@enclos/codec';
import { ProtobufWriter } from '@enclos/codec/protobuf';
import fc from 'fast-check';
import {
  parsePredictRequest,
  parsePredictResponse,
  predictAnswerType,
  predictFormOf,
  predictRequestBody,
  predictResponseBody,
  tensorOf,
  valuesOf,
  type Tensor,
} from '../src/index.ts';
import { refused } from './refused.ts';
import { anyTensor, awkwardTensors } from './tensors.ts';

const plain = (tensors: readonly Tensor[]): readonly Tensor[] =>
  tensors.map(({ name, datatype, shape, data }) => ({
    name,
    datatype,
    shape: [...shape],
    data: Uint8Array.from(data),
  }));
const request = (tensor: ProtobufWriter, name = 'x'): Uint8Array =>
  new ProtobufWriter().message(2, new ProtobufWriter().text(1, name).message(2, tensor)).finish();
const proto = (tensor: ProtobufWriter): Tensor => {
  const [input] = parsePredictRequest(request(tensor), 'protobuf').inputs;
  assert.ok(input !== undefined);
  return input;
};
const ofType = (type: number, ...dims: readonly number[]): ProtobufWriter =>
  new ProtobufWriter().packedInt64(1, dims).int64(2, type);
const json = (tensor: unknown): Tensor => {
  const [input] = parsePredictRequest(utf8(JSON.stringify({ inputs: { x: tensor } })), 'json').inputs;
  assert.ok(input !== undefined);
  return input;
};

test('every datatype comes back byte by byte, in protobuf and in JSON', () => {
  for (const form of ['protobuf', 'json'] as const) {
    const body = predictRequestBody({ inputs: awkwardTensors, outputFilter: ['y'] }, form);
    const { inputs, outputFilter } = parsePredictRequest(body, form);
    assert.deepEqual(plain(inputs), plain(awkwardTensors));
    assert.deepEqual(outputFilter, ['y']);
  }
});

test('any tensor of any bits comes back, NaN and byte strings that are not UTF-8 included', () => {
  fc.assert(
    fc.property(fc.array(anyTensor, { maxLength: 3 }), (tensors) => {
      const outputs = tensors.map((tensor, index) => ({ ...tensor, name: `n${index}` }));
      for (const type of ['application/json', 'application/octet-stream']) {
        const body = predictResponseBody(outputs, type);
        assert.deepEqual(plain(parsePredictResponse(body, predictFormOf(type))), plain(outputs));
      }
    }),
  );
});

test("the answer of ONNX Runtime Server's documentation is written and read so", () => {
  const rawData = '6OpzRFquGsSFdM1FyAEnRFtRZcRa9NDEUBj0xI4ydsJIS0LE//CzxA==';
  const text = `{"outputs":{"Sample_Output_Name":{"dims":["1","10"],"dataType":1,"rawData":"${rawData}","dataLocation":"DEFAULT"}}}`;
  const outputs = parsePredictResponse(utf8(text), 'json');
  assert.deepEqual(outputs[0]?.data, fromBase64(rawData));
  assert.equal(new TextDecoder().decode(predictResponseBody(outputs, 'application/json')), text);
});

test('each field of elements is read, packed and not packed', () => {
  const integers = (type: number, values: readonly number[]): Tensor =>
    proto(ofType(type, values.length).packedInt64(5, values));
  assert.deepEqual(valuesOf(integers(6, [-1, 2_147_483_647]), 'INT32'), Int32Array.of(-1, 2_147_483_647));
  assert.deepEqual(valuesOf(integers(3, [-128]), 'INT8'), Int8Array.of(-128));
  assert.deepEqual(valuesOf(integers(4, [65_535]), 'UINT16'), Uint16Array.of(65_535));
  assert.deepEqual(valuesOf(integers(9, [1, 0]), 'BOOL'), Uint8Array.of(1, 0));
  assert.deepEqual(valuesOf(integers(10, [0x3c00]), 'FP16'), Uint16Array.of(0x3c00));
  assert.deepEqual(valuesOf(integers(16, [0xffff]), 'BF16'), Uint16Array.of(0xffff));
  assert.deepEqual(valuesOf(proto(ofType(7, 1).packedInt64(7, [-5n])), 'INT64'), BigInt64Array.of(-5n));
  assert.deepEqual(valuesOf(proto(ofType(7, 2).int64(7, 1).int64(7, 2)), 'INT64'), BigInt64Array.of(1n, 2n));
  assert.deepEqual(
    valuesOf(proto(ofType(13, 1).packedInt64(11, [2n ** 64n - 1n])), 'UINT64'),
    BigUint64Array.of(2n ** 64n - 1n),
  );
  assert.deepEqual(valuesOf(proto(ofType(12, 1).packedInt64(11, [7])), 'UINT32'), Uint32Array.of(7));
  assert.deepEqual(valuesOf(proto(ofType(1, 2).float(4, 0.5).float(4, -2)), 'FP32'), Float32Array.of(0.5, -2));
  assert.deepEqual(valuesOf(proto(ofType(1, 1).bytes(4, Uint8Array.of(0, 0, 128, 63))), 'FP32'), Float32Array.of(1));
  assert.deepEqual(valuesOf(proto(ofType(11).double(10, 0.1)), 'FP64'), Float64Array.of(0.1));
  assert.deepEqual([...proto(ofType(8, 1).text(6, 'a')).data], [1, 0, 0, 0, 97]);
  assert.deepEqual([...proto(ofType(2, 1).int64(5, 9)).data], [9]);
});

test('each field of elements is read from JSON, with the numbers that JSON lacks as strings', () => {
  const floats = json({ dims: [4], dataType: 1, floatData: [0.5, 'NaN', 'Infinity', '-Infinity'] });
  assert.deepEqual(valuesOf(floats, 'FP32'), Float32Array.of(0.5, Number.NaN, Infinity, -Infinity));
  assert.deepEqual(valuesOf(json({ dims: [], data_type: 11, double_data: [0.1] }), 'FP64'), Float64Array.of(0.1));
  assert.deepEqual(
    valuesOf(json({ dims: ['2'], dataType: 7, int64Data: ['-9007199254740993', 5] }), 'INT64'),
    BigInt64Array.of(-9_007_199_254_740_993n, 5n),
  );
  assert.deepEqual(
    valuesOf(json({ dims: [1], dataType: 13, uint64Data: ['18446744073709551615'] }), 'UINT64'),
    BigUint64Array.of(2n ** 64n - 1n),
  );
  assert.deepEqual(
    valuesOf(json({ dims: [1], dataType: 5, int32Data: [-7], name: 'ignored', docString: null }), 'INT16'),
    Int16Array.of(-7),
  );
  assert.deepEqual(
    [...json({ dims: [1], dataType: 8, stringData: [toBase64(Uint8Array.of(255))] }).data],
    [1, 0, 0, 0, 255],
  );
});

test('each rule of a tensor refuses, in protobuf', () => {
  const raw = new Uint8Array(4);
  const cases: readonly (readonly [string, ProtobufWriter])[] = [
    ['a type that is not known', ofType(14, 1).bytes(9, new Uint8Array(8))],
    ['no type', new ProtobufWriter().bytes(9, raw)],
    ['a negative dimension', ofType(1, -1).bytes(9, raw)],
    ['more data than the shape says', ofType(1, 0).bytes(9, raw)],
    ['less data than the shape says', ofType(1, 2).bytes(9, raw)],
    ['an integer out of range', ofType(3, 1).packedInt64(5, [128])],
    ['an unsigned integer out of range', ofType(12, 1).packedInt64(11, [2 ** 32])],
    ['a truth value of 2', ofType(9, 1).packedInt64(5, [2])],
    ['a raw truth value of 2', ofType(9, 1).bytes(9, Uint8Array.of(2))],
  ];
  for (const [what, tensor] of cases) assert.throws(() => proto(tensor), refused('INFERENCE_TENSOR_INVALID'), what);
  const malformed: readonly (readonly [string, ProtobufWriter])[] = [
    ['raw data and elements', ofType(1, 1).bytes(9, raw).float(4, 1)],
    ['elements in another field', ofType(1, 1).packedInt64(5, [1])],
    ['strings as raw data', ofType(8, 1).bytes(9, raw)],
    ['raw data twice', ofType(1, 1).bytes(9, raw).bytes(9, raw)],
    ['the type twice', ofType(1, 1).int64(2, 1).bytes(9, raw)],
    ['elements that end within one', ofType(1, 1).bytes(4, new Uint8Array(3))],
    ['a field of another wire type', ofType(1, 1).int64(9, 1)],
  ];
  for (const [what, tensor] of malformed) {
    assert.throws(() => proto(tensor), refused('INFERENCE_MESSAGE_INVALID'), what);
  }
  const elsewhere = [
    ofType(1, 1).int64(14, 1),
    ofType(1, 1).message(13, new ProtobufWriter()),
    ofType(1).message(3, new ProtobufWriter()),
  ];
  for (const tensor of elsewhere) assert.throws(() => proto(tensor), refused('INFERENCE_UNSUPPORTED'));
  const large = [ofType(1, 2 ** 40), ofType(1, ...Array.from({ length: 17 }, () => 1)), ofType(1, 2 ** 20, 2 ** 20)];
  for (const tensor of large) assert.throws(() => proto(tensor), refused('INFERENCE_LIMIT_EXCEEDED'));
});

test('each rule of a tensor refuses, in JSON', () => {
  const tensor = { dims: ['1'], dataType: 1, rawData: 'AACAPw==' };
  for (const change of [
    { extra: 1 },
    { constructor: 1 },
    { data_type: 1 },
    { rawData: 'AACAPw' },
    { rawData: 'AACAP-==' },
    { rawData: 7 },
    { dims: 1 },
    { dims: ['1.0'] },
    { dims: [0.5] },
    { floatData: [1] },
    { rawData: undefined, floatData: ['1'] },
    { rawData: undefined, floatData: [true] },
    { rawData: undefined, dataType: 7, int64Data: ['9223372036854775808'] },
    { rawData: undefined, dataType: 13, uint64Data: ['-1'] },
  ]) {
    assert.throws(() => json({ ...tensor, ...change }), refused('INFERENCE_MESSAGE_INVALID'), JSON.stringify(change));
  }
  assert.throws(() => json({ ...tensor, rawData: undefined, floatData: [1e39] }), refused('INFERENCE_TENSOR_INVALID'));
  assert.throws(() => json({ ...tensor, dataLocation: 'EXTERNAL' }), refused('INFERENCE_UNSUPPORTED'));
  assert.throws(
    () => json({ ...tensor, dims: Array.from({ length: 17 }, () => 1) }),
    refused('INFERENCE_LIMIT_EXCEEDED'),
  );
});

test('each rule of a message refuses', () => {
  const tensor = ofType(2, 1).bytes(9, Uint8Array.of(1));
  const entry = new ProtobufWriter().text(1, 'x').message(2, tensor);
  const messages = [
    new ProtobufWriter().message(2, entry).message(2, entry),
    new ProtobufWriter().message(2, new ProtobufWriter().text(1, 'x')),
    new ProtobufWriter().message(2, new ProtobufWriter().message(2, tensor)),
    new ProtobufWriter().message(2, entry).text(3, 'y').text(3, 'y'),
    new ProtobufWriter().bytes(3, Uint8Array.of(255)),
  ];
  for (const message of messages) {
    assert.throws(() => parsePredictRequest(message.finish(), 'protobuf'), refused('INFERENCE_MESSAGE_INVALID'));
  }
  const bodies = [
    '',
    '[]',
    '{}',
    '{"inputs":[]}',
    '{"inputs":{},"extra":1}',
    '{"inputs":{},"outputFilter":["a","a"]}',
    '{"inputs":{},"outputFilter":["a"],"output_filter":["b"]}',
    '{"inputs":{},"outputFilter":[1]}',
    '{"inputs":{"x":7}}',
    '{"inputs":{"x":{},"x":{}}}',
    '{"inputs":{}}{}',
  ];
  for (const text of bodies) {
    assert.throws(() => parsePredictRequest(utf8(text), 'json'), refused('INFERENCE_MESSAGE_INVALID'), text);
  }
  const many = new ProtobufWriter();
  for (let index = 0; index < 65; index++) many.message(2, new ProtobufWriter().text(1, `${index}`).message(2, tensor));
  assert.throws(() => parsePredictRequest(many.finish(), 'protobuf'), refused('INFERENCE_LIMIT_EXCEEDED'));
});

test('fields of other versions are skipped, and data is a view of the body', () => {
  const body = new ProtobufWriter()
    .message(1, new ProtobufWriter().text(1, 'model spec'))
    .message(2, new ProtobufWriter().text(1, 'x').message(2, ofType(2, 1).text(8, 'inner').bytes(9, Uint8Array.of(7))))
    .finish();
  const [input] = parsePredictRequest(body, 'protobuf').inputs;
  assert.equal(input?.name, 'x');
  assert.equal(input.data.buffer, body.buffer);
});

test('the form follows from the headers', () => {
  for (const type of ['application/octet-stream', 'application/x-protobuf', 'Application/VND.google.protobuf']) {
    assert.equal(predictFormOf(type), 'protobuf');
  }
  assert.equal(predictFormOf('application/json; charset=utf-8'), 'json');
  assert.throws(() => predictFormOf(null), refused('INFERENCE_MESSAGE_INVALID'));
  assert.throws(() => predictFormOf('text/plain'), refused('INFERENCE_UNSUPPORTED'));
  assert.equal(predictAnswerType(undefined, 'protobuf'), 'application/octet-stream');
  assert.equal(predictAnswerType('*/*', 'json'), 'application/json');
  assert.equal(predictAnswerType('text/html, application/x-protobuf;q=0.5', 'json'), 'application/x-protobuf');
  assert.throws(() => predictAnswerType('text/html', 'json'), refused('INFERENCE_UNSUPPORTED'));
  const body = predictResponseBody([tensorOf('y', 'INT8', Int8Array.of(1))], 'application/x-protobuf');
  assert.equal(parsePredictResponse(body, 'protobuf').length, 1);
});

test('members in JSON, which cost more than elements, are bounded before any is made', () => {
  const members = Array.from({ length: 5000 }, (_, at) => `"a${at}":0`).join(',');
  for (const text of [`{${members}}`, `{"inputs":{"x":{${members}}}}`]) {
    assert.throws(() => parsePredictRequest(utf8(text), 'json'), /over 4096 members/);
  }
});
