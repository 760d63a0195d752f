import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EdlModel, ParameterModel } from '@enclos/edl-compiler';
import { callCodec } from '../../src/index.ts';
import {
  array,
  basic,
  buffer,
  composite,
  ecall,
  extent,
  followed,
  foreign,
  member,
  model,
  pointer,
  struct,
  text,
  unchecked,
  value,
} from '../models.ts';
import { hasCode } from '../refusals.ts';
import { abis, callEcall, makeEcall } from './calling.ts';

const calls = (...parameters: readonly ParameterModel[]): EdlModel => model({ ecalls: [ecall('f', parameters)] });

const nothing = { answer: { outputs: {} } };
const refuses = (run: () => unknown, pattern: RegExp): void =>
  assert.throws(run, hasCode('EDL_VALUE_REFUSED', pattern));

test('a size or count that is left out is that of the buffer, and one that is given agrees', () => {
  const counted = calls(buffer('data', 'in', basic('int'), { count: 'n' }), value('n', basic('unsigned char')));
  const sized = calls(buffer('data', 'in', basic('int'), { size: 'n' }), value('n', basic('size_t')));
  const both = calls(
    buffer('data', 'in', basic('int'), { size: 's', count: 'n' }),
    value('s', basic('int')),
    value('n', basic('int')),
  );
  const data = Int32Array.of(1, 2, 3);
  for (const abi of abis) {
    const seen = (called: EdlModel, values: object) => callEcall(called, { ...values }, { abi, ...nothing }).seen;
    assert.deepEqual(seen(counted, { data }), { data, n: 3 });
    assert.deepEqual(seen(counted, { data, n: 3 }), { data, n: 3 });
    assert.deepEqual(seen(counted, { data: null }), { data: null, n: 0 });
    assert.deepEqual(seen(counted, { data: null, n: 7 }), { data: null, n: 7 });
    assert.deepEqual(seen(sized, { data }), { data, n: 12n });
    assert.deepEqual(seen(both, { data }), { data, s: 4, n: 3 });
    assert.deepEqual(seen(both, { data, n: 1 }), { data, s: 12, n: 1 });
    assert.deepEqual(seen(both, { data, s: 6 }), { data, s: 6, n: 2 });
  }
  refuses(() => makeEcall(counted, { data, n: 2 }), /f\.data: 12 bytes, but .* say 8/);
  refuses(() => makeEcall(counted, { data, n: -1 }), /f\.n/);
  refuses(() => makeEcall(counted, { data: new Int32Array(256) }), /f\.n: not an integer from 0 to 255/);
  refuses(() => makeEcall(counted, { data: new Uint8Array(12) }), /f\.data: not an array or Int32Array/);
  refuses(() => makeEcall(counted, { n: 3 }), /f\.data: it is missing/);
  refuses(() => makeEcall(counted, { data, m: 3 }), /no parameter "m"/);
  refuses(() => makeEcall(sized, { data, n: 8n }), /f\.data: 12 bytes/);
  refuses(() => makeEcall(both, { data, s: 5 }), /f\.data/);
  refuses(() => makeEcall(both, { data, s: 0 }), /f\.data/);
});

test('buffers that share a count have the same length', () => {
  const shared = calls(
    buffer('a', 'in', basic('char'), { count: 'n' }),
    buffer('b', 'inout', basic('short'), { count: 'n' }),
    value('n', basic('int')),
  );
  const [a, b] = [Buffer.from('xy'), Int16Array.of(1, 2)];
  assert.equal(callEcall(shared, { a, b }, { answer: { outputs: { b } } }).seen['n'], 2);
  refuses(() => makeEcall(shared, { a, b: Int16Array.of(1) }), /f\.b: 2 bytes, but .* say 4/);
});

test('a buffer that the enclave fills needs its size, and is left out', () => {
  const filled = calls(buffer('data', 'out', basic('int'), { count: 'n' }), value('n', basic('int')));
  for (const abi of abis) {
    const outputs = { data: Int32Array.of(7, 8) };
    assert.deepEqual(callEcall(filled, { n: 2 }, { abi, answer: { outputs } }).result.outputs, outputs);
    assert.deepEqual(callEcall(filled, { n: 2, data: null }, { abi, ...nothing }).result.outputs, {});
    assert.deepEqual(callEcall(filled, { data: null }, { abi, ...nothing }).seen, { data: null, n: 0 });
  }
  refuses(() => makeEcall(filled, {}), /f\.n: it is missing/);
  refuses(() => makeEcall(filled, { n: 2, data: Int32Array.of(1, 2) }), /the enclave fills it/);
  refuses(() => makeEcall(filled, { n: -2 }), /negative/);
});

test('sizes are bounded before anything is allocated', () => {
  const filled = calls(
    buffer('data', 'out', basic('long'), { size: 's', count: 'n' }),
    value('s', basic('size_t')),
    value('n', basic('size_t')),
  );
  for (const abi of abis) {
    for (const [s, n] of [
      [2n ** 32n, 2n ** 32n],
      [2n ** 63n, 2n],
      [2n ** 64n - 1n, 2n ** 64n - 1n],
      [16n * 1024n * 1024n + 8n, 1n],
    ] as const) {
      refuses(() => makeEcall(filled, { s, n }, { abi }), /more than 16777216 bytes/);
    }
    refuses(() => makeEcall(filled, { s: 3n, n: 1n }, { abi }), /multiple of 8/);
    assert.ok(makeEcall(filled, { s: 2n ** 63n, n: 0n }, { abi }));
    const small = { abi, maxBytes: 4096 };
    refuses(() => makeEcall(filled, { s: 8n, n: 512n }, small), /more than 4096 bytes/);
    const data = new Uint8Array(4096);
    refuses(
      () =>
        makeEcall(calls(buffer('data', 'in', basic('void'), { size: 'n' }), value('n', basic('int'))), { data }, small),
      /more than 4096/,
    );
  }
  for (const maxBytes of [-1, 0.5, NaN, Infinity]) {
    assert.throws(() => callCodec(filled, { abi: 'intel', maxBytes }), hasCode('EDL_INVALID_INTERFACE'));
  }
});

test('one element is a value, an array is an array, and bytes without a type are bytes', () => {
  const one = calls(buffer('v', 'inout', basic('int')));
  const array2 = calls(buffer('v', 'inout', basic('int'), { elements: 2 }));
  const literal = calls(buffer('v', 'inout', basic('int'), { count: 1 }));
  const voids = calls(buffer('v', 'inout', basic('void'), { size: 3 }));
  const cases = [
    [one, 5, 6],
    [array2, Int32Array.of(1, 2), Int32Array.of(3, 4)],
    [literal, Int32Array.of(1), Int32Array.of(2)],
    [voids, Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6)],
  ] as const;
  for (const abi of abis) {
    for (const [called, given, answered] of cases) {
      const { seen, result } = callEcall(called, { v: given }, { abi, answer: { outputs: { v: answered } } });
      assert.deepEqual([seen['v'], result.outputs], [given, { v: answered }]);
    }
  }
  refuses(() => makeEcall(one, { v: [5] }), /f\.v/);
  refuses(() => makeEcall(array2, { v: [5] }), /4 bytes, but .* say 8/);
});

test('strings are text with a terminator, which UTF-8 and UTF-32 hold', () => {
  for (const abi of abis) {
    for (const isWide of [false, true]) {
      const called = calls(text('s', 'inout', isWide));
      for (const s of ['', 'plain', 'é漢😀', '\uFEFFmark']) {
        const { seen, result } = callEcall(called, { s }, { abi, answer: { outputs: { s } } });
        assert.deepEqual([seen['s'], result.outputs], [s, { s }]);
      }
      assert.deepEqual(callEcall(called, { s: null }, { abi, ...nothing }).result.outputs, {});
      refuses(() => makeEcall(called, { s: 'a\0b' }, { abi }), /f\.s: it contains NUL/);
      refuses(() => makeEcall(called, { s: 'a\uD800' }, { abi }), /lone surrogate/);
      refuses(() => makeEcall(called, { s: 5 }, { abi }), /not a string/);
      refuses(() => makeEcall(called, {}, { abi }), /f\.s: it is missing/);
    }
  }
});

test('an address that is not checked needs its name in userCheck', () => {
  const called = calls(unchecked('p'), unchecked('q', array(basic('int'), 4)));
  const handle = { address: 0x7f00n, bytes: 4096 };
  for (const abi of abis) {
    assert.ok(makeEcall(called, { p: null, q: null }, { abi }));
    refuses(() => makeEcall(called, { p: handle, q: null }, { abi }), /unless "f\.p" is allowed/);
    const { side, start } = makeEcall(called, { p: handle, q: null }, { abi, userCheck: ['f.p'] });
    assert.equal(abi === 'intel' && side.memory.word(side.field(start, 'ms_p')), abi === 'intel' && handle.address);
    refuses(() => makeEcall(called, { q: null }, { abi }), /f\.p: it is missing/);
  }
  const pointers = calls(buffer('list', 'in', pointer(basic('char')), { count: 'n' }), value('n', basic('int')));
  assert.ok(makeEcall(pointers, { list: [null, null] }, { abi: 'oe' }));
  refuses(() => makeEcall(pointers, { list: [handle] }, { abi: 'oe' }), /unless "f\.list" is allowed/);
});

test('a foreign type is bytes where size says how many, and has its own form when it is told', () => {
  const sized = calls(buffer('msg', 'inout', foreign('msg_t'), { size: 'n' }), value('n', basic('uint32_t')));
  const single = calls(buffer('msg', 'in', foreign('msg_t')));
  const isArray = calls(buffer('id', 'in', foreign('id_t2'), { foreign: 'array' }));
  const isPointer = calls(
    buffer('id', 'in', foreign('handle_t'), { foreign: 'pointer', count: 'n' }),
    value('n', basic('int')),
  );
  const msg = Uint8Array.of(1, 2, 3, 4, 5);
  for (const abi of abis) {
    const codec = (called: EdlModel, foreignTypes = {}) => callCodec(called, { abi, foreign: foreignTypes }).ecalls[0];
    assert.ok(codec(sized)?.encodeArguments({ msg }));
    assert.ok(codec(sized, { msg_t: { bytes: 4, alignment: 4 } })?.encodeArguments({ msg }));
    assert.throws(() => codec(single)?.encodeArguments({ msg }), hasCode('EDL_LAYOUT_UNKNOWN'));
    assert.ok(codec(single, { msg_t: { bytes: 5, alignment: 1 } })?.encodeArguments({ msg }));
    refuses(() => codec(single, { msg_t: { bytes: 4, alignment: 1 } })?.encodeArguments({ msg }), /multiple of 4/);
    assert.ok(codec(single, { msg_t: { type: 'int' } })?.encodeArguments({ msg: 5 }));
    assert.ok(codec(isArray, { id_t2: { type: 'uint16_t[3]' } })?.encodeArguments({ id: Uint16Array.of(1, 2, 3) }));
    refuses(
      () => codec(isArray, { id_t2: { type: 'uint16_t[3]' } })?.encodeArguments({ id: [1, 2] }),
      /2 elements, not 3/,
    );
    assert.ok(codec(isPointer, { handle_t: { type: 'short*' } })?.encodeArguments({ id: [1, 2] }));
    assert.throws(
      () => codec(isPointer, { handle_t: { type: 'short' } })?.encodeArguments({ id: [1] }),
      hasCode('EDL_LAYOUT_UNKNOWN'),
    );
  }
});

test('a function whose types are not known hinders no other', () => {
  const { ecalls } = callCodec(model({ ecalls: [ecall('f', [value('v', foreign('unknown_t'))]), ecall('g', [])] }), {
    abi: 'oe',
  });
  assert.throws(() => ecalls[0]?.encodeArguments({ v: 1 }), hasCode('EDL_LAYOUT_UNKNOWN'));
  assert.ok(ecalls[1]?.encodeArguments({}).image);
});

test('a count that is not a number is refused', () => {
  const called = calls(buffer('data', 'in', basic('int'), { count: 'n' }), value('n', foreign('count_t')));
  const codec = callCodec(called, { abi: 'oe', foreign: { count_t: { bytes: 4, alignment: 4 } } });
  assert.throws(
    () => codec.ecalls[0]?.encodeArguments({ data: [], n: new Uint8Array(4) }),
    hasCode('EDL_LAYOUT_UNKNOWN'),
  );
  const absent = calls({
    ...buffer('data', 'in', basic('int')),
    passing: {
      kind: 'buffer',
      direction: 'in',
      element: basic('int'),
      extent: extent({ count: 'n' }),
      isReadOnly: false,
    },
  });
  assert.throws(() => makeEcall(absent, { data: [] }), hasCode('EDL_LAYOUT_UNKNOWN'));
});

const chain = [
  composite('struct', 'leaf', [member('n', basic('int')), followed('bytes', basic('char'), { count: 'n' })]),
  composite('struct', 'node', [
    followed('leaves', struct('leaf'), { count: 'n' }),
    member('n', basic('short')),
    member('id', basic('int')),
  ]),
];

test('structures are copied with what they lead to: one level deep by the SDK of Intel, all by Open Enclave', () => {
  const called = model({ composites: chain, ecalls: [ecall('f', [buffer('node', 'in', struct('node'))])] });
  const leaves = [
    { n: 2, bytes: Buffer.from('ab') },
    { n: 0, bytes: null },
  ];
  const given = { node: { leaves: leaves.map(({ bytes }) => ({ bytes })), id: 5 } };
  const expected = {
    leaves: leaves.map(({ n, bytes }) => ({ n, bytes: bytes === null ? null : Uint8Array.from(bytes) })),
    n: 2,
    id: 5,
  };
  assert.deepEqual(callEcall(called, given, { abi: 'oe', ...nothing }).seen['node'], expected);
  refuses(
    () => makeEcall(called, { node: { leaves, id: 5 } }, { abi: 'intel' }),
    /unless "leaf\.bytes" is allowed|nor a handle/,
  );
  const flat = { leaves: [{ n: 9, bytes: null }], n: 1, id: 5 };
  assert.deepEqual(callEcall(called, { node: flat }, { abi: 'intel', ...nothing }).seen['node'], flat);
  for (const abi of abis) {
    refuses(
      () => makeEcall(called, { node: { leaves: [], n: 1, id: 5 } }, { abi }),
      /f\.node\.leaves: 0 bytes, but .* say 16/,
    );
    refuses(() => makeEcall(called, { node: { n: 1, id: 5 } }, { abi }), /f\.node\.leaves: it is missing/);
    refuses(() => makeEcall(called, { node: { leaves: null } }, { abi }), /f\.node\.id: it is missing/);
    refuses(() => makeEcall(called, { node: null, extra: 1 }, { abi }), /no parameter/);
  }
});

test('structures in a declared array are not followed by either SDK', () => {
  const called = model({
    composites: chain,
    ecalls: [ecall('f', [buffer('list', 'in', struct('leaf'), { elements: 2 })])],
  });
  for (const abi of abis) {
    const list = [
      { n: 1, bytes: null },
      { n: 2, bytes: null },
    ];
    assert.deepEqual(callEcall(called, { list }, { abi, ...nothing }).seen['list'], list);
    refuses(
      () => makeEcall(called, { list: [{ n: 1, bytes: Buffer.from('a') }, list[1]] }, { abi }),
      /f\.list\[0\]\.bytes/,
    );
  }
});

test('NULL in the middle of structures that come back is refused where code of the SDK of Intel loses its place', () => {
  const pairs = [
    composite('struct', 'pair', [
      followed('a', basic('int')),
      followed('b', basic('char'), { count: 'n' }),
      member('n', basic('int')),
    ]),
  ];
  const called = (direction: 'in' | 'inout') =>
    model({ composites: pairs, ecalls: [ecall('f', [buffer('list', direction, struct('pair'), { count: 2 })])] });
  const [whole, empty] = [
    { a: 1, b: Buffer.from('x'), n: 1 },
    { a: 1, b: null, n: 0 },
  ];
  const makes =
    (list: unknown, direction: 'in' | 'inout' = 'inout', abi: 'intel' | 'oe' = 'intel') =>
    () =>
      makeEcall(called(direction), { list }, { abi });
  assert.ok(makes([empty, whole])());
  assert.ok(makes([whole, { ...whole, b: null }])());
  refuses(makes([{ ...whole, b: null }, whole]), /f\.list\[0\]\.b: NULL with a size and count/);
  refuses(makes([whole, { ...whole, a: null }]), /f\.list\[1\]\.a: NULL with a size and count/);
  assert.ok(makes([{ ...whole, b: null }, whole], 'in')());
  assert.ok(makes([{ ...whole, b: null }, whole], 'inout', 'oe')());
});
