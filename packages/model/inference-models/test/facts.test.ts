import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { concatBytes, utf8 } from '@enclos/codec';
import { ProtobufWriter } from '@enclos/codec/protobuf';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { datatypes } from '@enclos/open-inference';
import fc from 'fast-check';
import { writeModel } from '../src/graphs/index.ts';
import { modelDigest, readModelFacts, tensorFactsOf } from '../src/index.ts';
import { everything, everythingBytes, value, weights } from './models.ts';

const refused = (code: ErrorCode, bytes: Uint8Array, message?: RegExp): void => {
  const isIt = (error: unknown): boolean => isEnclosError(error, code) && (message?.test(error.message) ?? true);
  assert.throws(() => readModelFacts(bytes), isIt);
};

/** A model around one graph, whose fields are given. */
function modelWith(graph: ProtobufWriter): Uint8Array {
  const opset = new ProtobufWriter().text(1, '').int64(2, 17);
  return new ProtobufWriter().int64(1, 8).message(7, graph).message(8, opset).finish();
}
const tensor = (): ProtobufWriter => new ProtobufWriter().int64(1, 2).int64(2, 1).text(8, 'w');
const withInitializer = (initializer: ProtobufWriter): Uint8Array =>
  modelWith(new ProtobufWriter().message(5, initializer));

test('a model says what it takes, gives and uses', () => {
  const facts = readModelFacts(everythingBytes);
  assert.equal(facts.sizeBytes, everythingBytes.length);
  assert.deepEqual([facts.irVersion, facts.producer, facts.modelVersion], [8, 'enclos', 0n]);
  assert.deepEqual(
    [...facts.opsets],
    [
      ['', 17],
      ['example.org', 3],
    ],
  );
  assert.deepEqual(tensorFactsOf(facts.inputs), [
    { name: 'x', datatype: 'FP32', shape: [-1, 2] },
    { name: 'flag', datatype: 'BOOL', shape: [] },
  ]);
  assert.deepEqual(
    facts.optionalInputs.map(({ name }) => name),
    ['w'],
  );
  assert.deepEqual(facts.outputs[1]?.dimensionNames, ['n', 'n', undefined]);
  assert.deepEqual(facts.outputs[1]?.shape, [-1, -1, 3]);
  // Two initializers, and a constant in an attribute.
  assert.deepEqual(facts.weights, { count: 3, sizeBytes: 16 });
  const uses = facts.operators.map(({ domain, operator, count }) => `${domain}:${operator} ${count}`);
  assert.deepEqual(uses, [':Abs 1', ':Add 1', ':If 1', ':LeakyRelu 1', ':Neg 1', 'example.org:Own 1']);
  assert.deepEqual(
    [...facts.metadata],
    [
      ['author', 'a test'],
      ['long', ''],
    ],
  );
});

test('each datatype is named as the protocol names it, in values and in weights', () => {
  for (const datatype of datatypes) {
    const data = datatype === 'BYTES' ? new Uint8Array(4) : new Uint8Array(8);
    const size =
      datatype === 'BYTES' ? 1 : datatype.endsWith('64') ? 1 : /16/.test(datatype) ? 4 : /32/.test(datatype) ? 2 : 8;
    const x = { name: 'x', datatype, shape: ['n'] };
    const bytes = writeModel({
      nodes: [],
      inputs: [x],
      outputs: [{ ...x, name: 'y' }],
      initializers: [{ name: 'w', datatype, shape: [size], data }],
    });
    const { inputs, weights: found } = readModelFacts(bytes);
    assert.deepEqual(tensorFactsOf(inputs), [{ name: 'x', datatype, shape: [-1] }]);
    assert.deepEqual(found, { count: 1, sizeBytes: datatype === 'BYTES' ? 0 : 8 });
  }
});

test('shapes that are written are read', () => {
  const size = fc.oneof(fc.nat({ max: 1_000_000 }), fc.string({ minLength: 1, maxLength: 8 }));
  fc.assert(
    fc.property(fc.array(size, { maxLength: 12 }), (shape) => {
      const facts = readModelFacts(writeModel({ nodes: [], inputs: [value('x', shape)], outputs: [] }));
      assert.deepEqual(
        facts.inputs[0]?.shape,
        shape.map((each) => (typeof each === 'string' ? -1 : each)),
      );
      const names = shape.map((each) => (typeof each === 'string' ? each : undefined));
      assert.deepEqual(facts.inputs[0]?.dimensionNames, names);
    }),
  );
});

test('values of any number of dimensions, lists and options that are written are read', () => {
  const any = { name: 'x', datatype: 'FP32' } as const;
  const inputs = [
    any,
    { ...any, name: 'list', within: 'sequence' },
    { ...any, name: 'maybe', within: 'optional' },
  ] as const;
  const facts = readModelFacts(writeModel({ nodes: [], inputs, outputs: [] }));
  assert.deepEqual(
    facts.inputs.map(({ kind, datatype, shape }) => [kind, datatype, shape]),
    [
      ['tensor', 'FP32', undefined],
      ['sequence', undefined, undefined],
      ['optional', undefined, undefined],
    ],
  );
});

test('weights in other files are refused wherever they stand', () => {
  const entry = new ProtobufWriter().text(1, 'location').text(2, '/etc/passwd');
  const outside = [tensor().message(13, entry), tensor().int64(14, 1)];
  for (const each of outside) {
    const attribute = (field: number, message: ProtobufWriter): ProtobufWriter =>
      new ProtobufWriter().text(1, 'value').message(field, message);
    const node = (message: ProtobufWriter): ProtobufWriter =>
      new ProtobufWriter().text(4, 'Constant').message(5, message);
    const graph = (message: ProtobufWriter): ProtobufWriter => new ProtobufWriter().message(1, node(message));
    const sparse = new ProtobufWriter().message(1, tensor().bytes(9, new Uint8Array(8))).message(2, each);
    refused('MODEL_EXTERNAL_DATA', withInitializer(each));
    refused('MODEL_EXTERNAL_DATA', modelWith(new ProtobufWriter().message(15, sparse)));
    for (const field of [5, 10]) refused('MODEL_EXTERNAL_DATA', modelWith(graph(attribute(field, each))));
    for (const field of [22, 23]) refused('MODEL_EXTERNAL_DATA', modelWith(graph(attribute(field, sparse))));
    const inside = new ProtobufWriter().message(5, each);
    for (const field of [6, 11]) refused('MODEL_EXTERNAL_DATA', modelWith(graph(attribute(field, inside))));
    const functionOf = new ProtobufWriter().text(1, 'f').message(7, node(attribute(5, each)));
    refused('MODEL_EXTERNAL_DATA', concatBytes(everythingBytes, new ProtobufWriter().message(25, functionOf).finish()));
  }
  readModelFacts(withInitializer(tensor().int64(14, 0)));
});

test('weights that do not fit their shape are refused', () => {
  refused('MODEL_INVALID', withInitializer(tensor().bytes(9, new Uint8Array(7))), /do not fit/);
  refused('MODEL_INVALID', withInitializer(new ProtobufWriter().int64(1, -1).int64(2, 1)), /negative/);
  refused('MODEL_INVALID', withInitializer(new ProtobufWriter().int64(2, 8).bytes(9, new Uint8Array(1))), /texts/);
  const huge = new ProtobufWriter()
    .int64(1, 2n ** 40n)
    .int64(1, 2n ** 40n)
    .int64(2, 1);
  refused('MODEL_INVALID', withInitializer(huge), /too many/);
});

test('values with two types, and dimensions with two meanings or none, are refused', () => {
  const input = (type: ProtobufWriter): Uint8Array =>
    modelWith(new ProtobufWriter().message(11, new ProtobufWriter().text(1, 'x').message(2, type)));
  const shape = (dimension: ProtobufWriter): ProtobufWriter => new ProtobufWriter().message(1, dimension);
  const typed = (dimension: ProtobufWriter): Uint8Array =>
    input(new ProtobufWriter().message(1, new ProtobufWriter().int64(1, 1).message(2, shape(dimension))));
  refused(
    'MODEL_INVALID',
    input(new ProtobufWriter().bytes(1, new Uint8Array()).bytes(4, new Uint8Array())),
    /two types/,
  );
  refused('MODEL_INVALID', typed(new ProtobufWriter().int64(1, 2).text(2, 'n')), /a size and a name/);
  refused('MODEL_INVALID', typed(new ProtobufWriter().int64(1, -2)), /out of range/);
  assert.deepEqual(readModelFacts(typed(new ProtobufWriter().int64(1, -1))).inputs[0]?.shape, [-1]);
  assert.deepEqual(readModelFacts(typed(new ProtobufWriter())).inputs[0]?.shape, [-1]);
});

test('inputs that no protocol carries are named, and refused for inference', () => {
  const input = (type: ProtobufWriter): Uint8Array =>
    modelWith(new ProtobufWriter().message(11, new ProtobufWriter().text(1, 'x').message(2, type)));
  const kinds = [
    [4, 'sequence'],
    [5, 'map'],
    [8, 'sparse-tensor'],
    [9, 'optional'],
    [7, 'unknown'],
  ] as const;
  const unsupported = (error: unknown): boolean => isEnclosError(error, 'MODEL_UNSUPPORTED');
  for (const [field, kind] of kinds) {
    const { inputs } = readModelFacts(input(new ProtobufWriter().bytes(field, new Uint8Array())));
    assert.equal(inputs[0]?.kind, kind);
    assert.throws(() => tensorFactsOf(inputs), unsupported);
  }
  // Complex numbers, and a tensor that says nothing of its shape.
  for (const elementType of [14, 1]) {
    const { inputs } = readModelFacts(
      input(new ProtobufWriter().message(1, new ProtobufWriter().int64(1, elementType))),
    );
    assert.equal(inputs[0]?.kind, 'tensor');
    assert.throws(() => tensorFactsOf(inputs), unsupported);
  }
});

test('models without a graph or a version, and with parts twice, are refused', () => {
  const graph = new ProtobufWriter();
  refused('MODEL_INVALID', new ProtobufWriter().int64(1, 8).finish(), /no graph/);
  refused('MODEL_INVALID', new ProtobufWriter().message(7, graph).finish(), /no version/);
  refused('MODEL_INVALID', concatBytes(modelWith(graph), modelWith(graph)), /repeated/);
  const again = new ProtobufWriter().message(8, new ProtobufWriter().text(1, 'ai.onnx').int64(2, 12));
  refused('MODEL_INVALID', concatBytes(modelWith(graph), again.finish()), /twice/);
  const zero = new ProtobufWriter().message(8, new ProtobufWriter().text(1, 'a').int64(2, 0));
  refused('MODEL_INVALID', concatBytes(modelWith(graph), zero.finish()), /out of range/);
  refused('MODEL_INVALID', new Uint8Array(), /no graph/);
  refused('MODEL_INVALID', utf8('<!doctype html>'));
});

test('each bound is checked', () => {
  const bound = (name: string) => (error: unknown) =>
    isEnclosError(error, 'MODEL_LIMIT_EXCEEDED') && error.details['bound'] === name;
  const tooMuch = (limits: Parameters<typeof readModelFacts>[1], name: string): void => {
    assert.throws(() => readModelFacts(everythingBytes, limits), bound(name));
  };
  readModelFacts(everythingBytes, { maxBytes: everythingBytes.length, maxNodes: 6, maxWeights: 3, maxValues: 3 });
  tooMuch({ maxBytes: everythingBytes.length - 1 }, 'maxBytes');
  tooMuch({ maxNodes: 5 }, 'maxNodes');
  tooMuch({ maxWeights: 2 }, 'maxWeights');
  tooMuch({ maxValues: 2 }, 'maxValues');
});

test('graphs within graphs end somewhere', () => {
  let graph = new ProtobufWriter();
  for (let depth = 0; depth < 40; depth++) {
    const attribute = new ProtobufWriter().text(1, 'body').message(6, graph);
    graph = new ProtobufWriter().message(1, new ProtobufWriter().text(4, 'Loop').message(5, attribute));
  }
  refused('MODEL_INVALID', modelWith(graph), /deeper/);
});

test('a model with any byte changed or cut is read, or refused by this package', () => {
  fc.assert(
    fc.property(fc.nat({ max: everythingBytes.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      for (const bytes of [everythingBytes.slice(0, at), everythingBytes.with(at, byte)]) {
        try {
          readModelFacts(bytes);
        } catch (error) {
          assert.ok(isEnclosError(error) && error.code.startsWith('MODEL_'), String(error));
        }
      }
    }),
    { numRuns: 2000 },
  );
});

test('the same model is written the same, and its digest is that of its bytes', async () => {
  assert.deepEqual(writeModel(everything), everythingBytes);
  assert.equal(await modelDigest(everythingBytes), createHash('sha256').update(everythingBytes).digest('hex'));
});

test('a tensor that does not fit its shape is not written', () => {
  const wrong = { ...weights('w'), shape: [3] };
  assert.throws(
    () => writeModel({ nodes: [], inputs: [], outputs: [], initializers: [wrong] }),
    (error) => isEnclosError(error, 'INFERENCE_TENSOR_INVALID'),
  );
});
