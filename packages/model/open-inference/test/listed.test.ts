import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { ProtobufWriter } from '@enclos/codec/protobuf';
import {
  defaultTensorLimits,
  inferResponseBody,
  parseInferRequest,
  parsePredictRequest,
  tensorOf,
  type TensorFacts,
  type TensorLimits,
} from '../src/index.ts';
import { refused } from './refused.ts';

const limits: TensorLimits = { ...defaultTensorLimits, maxListedElements: 4, maxJsonBytes: 400 };
const modelInputs: readonly TensorFacts[] = [{ name: 'x', datatype: 'UINT8', shape: [-1] }];

/** Elements that no reader gets past: a refusal with another code shows that none was read. */
const poison = (count: number): string => Array.from({ length: count }, () => 'x').join();
const tensor = (members: Readonly<Record<string, unknown>>, data: string, isDataFirst: boolean): string => {
  const rest = JSON.stringify({ name: 'x', shape: [5], datatype: 'UINT8', ...members }).slice(1, -1);
  return isDataFirst ? `{"data":[${data}],${rest}}` : `{${rest},"data":[${data}]}`;
};
const infer = (text: string): unknown =>
  parseInferRequest(utf8(`{"inputs":[${text}]}`), { limits, modelInputs }).inputs[0];

for (const isDataFirst of [false, true]) {
  test(`a list is refused before one of its elements is read${isDataFirst ? ', also where it comes first' : ''}`, () => {
    const read = (members: Readonly<Record<string, unknown>>, count: number) => () =>
      infer(tensor(members, poison(count), isDataFirst));
    assert.throws(read({}, 5), refused('INFERENCE_LIMIT_EXCEEDED'));
    for (const members of [{ name: 'y' }, { datatype: 'FP32' }, { shape: [4, 1] }]) {
      assert.throws(read({ shape: [4], ...members }, 4), refused('INFERENCE_TENSOR_INVALID'), JSON.stringify(members));
    }
    // What fits is read.
    assert.throws(read({ shape: [4] }, 4), refused('INFERENCE_MESSAGE_INVALID'));
    assert.ok(infer(tensor({ shape: [4] }, '1,2,3,4', isDataFirst)));
  });
}

test('the tensors of a message share the bound', () => {
  const two = ['x', 'y'].map((name) => tensor({ name, shape: [3] }, '1,2,3', false)).join();
  const message = utf8(`{"inputs":[${two}]}`);
  assert.throws(() => parseInferRequest(message, { limits }), refused('INFERENCE_LIMIT_EXCEEDED'));
  assert.equal(parseInferRequest(message).inputs.length, 2);
});

test('JSON beyond its bytes is refused before it is read, and binary does not count', () => {
  const spaces = ' '.repeat(400);
  assert.throws(() => infer(`?${spaces}`), refused('INFERENCE_LIMIT_EXCEEDED'));
  assert.throws(() => parsePredictRequest(utf8(`?${spaces}`), 'json', limits), refused('INFERENCE_LIMIT_EXCEEDED'));
  const head = utf8(
    JSON.stringify({ inputs: [{ name: 'x', shape: [500], datatype: 'UINT8', parameters: { binary_data_size: 500 } }] }),
  );
  const body = new Uint8Array(head.length + 500);
  body.set(head);
  assert.ok(parseInferRequest(body, { limits, modelInputs, headerLength: head.length }));
});

test('an answer that would be long in JSON is refused, and given in binary', () => {
  const answer = { modelName: 'm', outputs: [tensorOf('o', 'FP32', new Float32Array(5), [5])] };
  const asked = { outputs: [], areOutputsBinary: false };
  assert.throws(() => inferResponseBody(answer, asked, limits), refused('INFERENCE_LIMIT_EXCEEDED'));
  assert.ok(inferResponseBody(answer, { ...asked, areOutputsBinary: true }, limits));
});

test('lists of ONNX Runtime Server count in both forms, and fields without meaning too', () => {
  const json = (key: string, count: number): Uint8Array =>
    utf8(
      JSON.stringify({
        inputs: { x: { dims: [String(count)], dataType: 1, [key]: Array.from({ length: count }, () => 1) } },
      }),
    );
  for (const key of ['floatData', 'int64Data']) {
    assert.throws(() => parsePredictRequest(json(key, 5), 'json', limits), refused('INFERENCE_LIMIT_EXCEEDED'), key);
  }
  assert.ok(parsePredictRequest(json('floatData', 4), 'json', limits));
  const message = (inner: ProtobufWriter): Uint8Array =>
    new ProtobufWriter().message(2, new ProtobufWriter().text(1, 'x').message(2, inner)).finish();
  const roomy = { ...limits, maxListedElements: 16 };
  const packed = new ProtobufWriter()
    .packedInt64(1, [20])
    .int64(2, 7)
    .packedInt64(
      7,
      Array.from({ length: 20 }, () => 1),
    );
  const padded = new ProtobufWriter().int64(2, 7);
  for (let field = 0; field < 20; field++) padded.int64(99, 1);
  for (const inner of [packed, padded]) {
    assert.throws(() => parsePredictRequest(message(inner), 'protobuf', roomy), refused('INFERENCE_LIMIT_EXCEEDED'));
  }
  assert.ok(parsePredictRequest(message(packed), 'protobuf', { ...limits, maxListedElements: 64 }));
});
