import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BasicTypeName, CType, EdlModel } from '@enclos/edl-compiler';
import type { EdlValue } from '../../src/index.ts';
import {
  array,
  basic,
  composite,
  ecall,
  enumeration,
  foreign,
  member,
  model,
  pointer,
  struct,
  union,
  value,
} from '../models.ts';
import { hasCode } from '../refusals.ts';
import { abis, callEcall, makeEcall } from './calling.ts';

const enums = [
  { name: 'colour', members: [{ name: 'RED', value: 0 }, { name: 'BLUE', value: 2 }] },
  { name: 'sign', members: [{ name: 'MINUS', value: -1 }, { name: 'PLUS', value: 1 }] },
  { name: 'flags', members: [{ name: 'NONE', value: 0 }, { name: 'A', value: 1 }, { name: 'B', value: 2 }, { name: 'C', value: 0x8000_0000 }] },
  { name: 'open', members: [{ name: 'TOLD' }] },
  { name: 'two', members: [{ name: 'ONE', value: 1 }, { name: 'TWO', value: 2 }] },
]; // prettier-ignore

const composites = [
  composite('struct', 'point', [
    member('x', basic('int')),
    member('__proto__', basic('short')),
    member('constructor', basic('bool')),
  ]),
  composite('union', 'either', [member('i', basic('int')), member('c', array(basic('char'), 5))]),
  composite('struct', 'holder', [member('cookie', pointer(basic('void')))]),
];

const modelOf = (type: CType): EdlModel => model({ enums, composites, ecalls: [ecall('f', [value('v', type)], type)] });

const told = { opaque_t: { bytes: 3, alignment: 1 }, alias_t: { type: 'uint16_t' } };

/** What comes back when a value is passed and returned. */
function roundTrip(type: CType, given: unknown, expected: EdlValue): void {
  for (const abi of abis) {
    const answer = { returned: expected, outputs: {} };
    const { seen, result } = callEcall(modelOf(type), { v: given }, { abi, answer, foreign: told });
    assert.deepEqual(seen['v'], expected);
    assert.deepEqual(result.returned, expected);
  }
}

/** The reference model knows no foreign types: the result is copied from the argument, which follows it in `ms_f_t`. */
function foreignRoundTrip(type: CType, given: Uint8Array | number): void {
  const made = makeEcall(modelOf(type), { v: given }, { foreign: told });
  const at = made.memory.at(made.start);
  const bytes = typeof given === 'number' ? 2 : given.length;
  made.memory.bytes.copyWithin(at, at + bytes, at + 2 * bytes);
  assert.deepEqual(made.decode().returned, given);
}

const refused = (type: CType, given: unknown, pattern = /f\.v/): void =>
  assert.throws(
    () => makeEcall(modelOf(type), { v: given }, { foreign: told }),
    hasCode('EDL_VALUE_REFUSED', pattern),
    String(given),
  );

const integers: readonly (readonly [names: readonly BasicTypeName[], min: bigint, max: bigint])[] = [
  [['char', 'int8_t'], -128n, 127n],
  [['unsigned char', 'uint8_t'], 0n, 255n],
  [['short', 'int16_t'], -(2n ** 15n), 2n ** 15n - 1n],
  [['unsigned short', 'uint16_t'], 0n, 2n ** 16n - 1n],
  [['int', 'int32_t', 'wchar_t'], -(2n ** 31n), 2n ** 31n - 1n],
  [['unsigned int', 'uint32_t'], 0n, 2n ** 32n - 1n],
  [['long', 'long long', 'int64_t'], -(2n ** 63n), 2n ** 63n - 1n],
  [['unsigned long', 'unsigned long long', 'uint64_t', 'size_t'], 0n, 2n ** 64n - 1n],
];

test('integers have the range of C, and are bigints when they have 64 bits', () => {
  for (const [names, min, max] of integers) {
    for (const name of names) {
      const isWide = max > 2n ** 32n;
      for (const edge of [min, max, 1n]) {
        roundTrip(basic(name), isWide ? edge : Number(edge), isWide ? edge : Number(edge));
      }
      for (const beyond of [min - 1n, max + 1n]) refused(basic(name), isWide ? beyond : Number(beyond));
      for (const other of [0.5, '1', null, true, NaN, Infinity, {}]) refused(basic(name), other);
      if (isWide) {
        roundTrip(basic(name), 5, 5n);
        refused(basic(name), 2 ** 60);
      } else refused(basic(name), 5n);
    }
  }
});

test('numbers with a point, truths and the rest have their own values', () => {
  roundTrip(basic('double'), 0.1, 0.1);
  roundTrip(basic('float'), 0.5, 0.5);
  refused(basic('float'), 1n);
  roundTrip(basic('bool'), true, true);
  roundTrip(basic('bool'), false, false);
  refused(basic('bool'), 1);
  const wide = Uint8Array.from({ length: 16 }, (_, i) => i);
  const padded = Uint8Array.from(wide, (byte, i) => (i < 10 ? byte : 0));
  roundTrip(basic('long double'), padded, padded);
  const dirty = makeEcall(modelOf(basic('long double')), { v: padded });
  dirty.memory.bytes.set(wide, dirty.memory.at(dirty.start));
  assert.deepEqual(dirty.decode().returned, padded);
  refused(basic('long double'), wide.slice(1), /15 elements, not 16/);
  roundTrip(union('either'), wide.slice(0, 8), wide.slice(0, 8));
  refused(union('either'), wide);
  foreignRoundTrip(foreign('opaque_t'), Uint8Array.of(1, 2, 3));
  refused(foreign('opaque_t'), 7);
  foreignRoundTrip(foreign('alias_t'), 65_535);
  refused(foreign('alias_t'), 65_536);
});

test('an enumeration has its enumerators, flags have their sums, and one of a header has any value', () => {
  for (const number of [0, 2]) roundTrip(enumeration('colour'), number, number);
  for (const number of [1, 3, -1, 2 ** 32]) refused(enumeration('colour'), number);
  for (const number of [-1, 1]) roundTrip(enumeration('sign'), number, number);
  refused(enumeration('sign'), 0);
  for (const number of [1, 2]) roundTrip(enumeration('two'), number, number);
  refused(enumeration('two'), 3);
  for (const number of [0, 3, 0x8000_0001]) roundTrip(enumeration('flags'), number, number);
  for (const number of [4, 7]) refused(enumeration('flags'), number);
  roundTrip(enumeration('open'), 77, 77);
  refused(enumeration('open'), -1);
});

test('a structure has exactly its members, whatever their names are', () => {
  const point = JSON.parse('{ "x": 1, "__proto__": 2, "constructor": true }') as EdlValue;
  roundTrip(struct('point'), point, point);
  const result = callEcall(modelOf(struct('point')), { v: point }, { answer: { returned: point, outputs: {} } }).result
    .returned;
  assert.equal(Object.getPrototypeOf(result), Object.prototype);
  refused(struct('point'), { x: 1 }, /f\.v\.__proto__: it is missing/);
  refused(struct('point'), JSON.parse('{ "x": 1, "__proto__": 2 }'), /f\.v\.constructor: it is missing/);
  refused(struct('point'), JSON.parse('{ "x": 1, "__proto__": 2, "constructor": true, "y": 1 }'), /no member "y"/);
  for (const other of [null, 1, 'x', [], new Uint8Array(8)]) refused(struct('point'), other);
});

test('arrays of numbers are typed arrays, of bytes Uint8Arrays, of the rest arrays', () => {
  const sequences: readonly (readonly [type: CType, value: EdlValue])[] = [
    [basic('int8_t'), Int8Array.of(-1, 2)],
    [basic('short'), Int16Array.of(-1, 2)],
    [basic('uint16_t'), Uint16Array.of(1, 65_535)],
    [basic('wchar_t'), Int32Array.of(-1, 2)],
    [basic('unsigned int'), Uint32Array.of(1, 2)],
    [basic('float'), Float32Array.of(0.5, 2)],
    [basic('double'), Float64Array.of(0.1, 2)],
    [basic('long'), BigInt64Array.of(-1n, 2n)],
    [basic('size_t'), BigUint64Array.of(1n, 2n)],
  ];
  for (const [type, given] of sequences) {
    roundTrip(array(type, 2), given, given);
    roundTrip(array(type, 2), Array.from(given as ArrayLike<unknown>), given);
    refused(array(type, 3), given, /2 elements, not 3/);
    refused(array(type, 2), new Uint8Array(2), /not an array or/);
    refused(array(type, 2), ['x', 1], /f\.v\[0\]/);
  }
  for (const name of ['char', 'unsigned char', 'uint8_t'] as const) {
    roundTrip(array(basic(name), 2), Buffer.from([1, 255]), Uint8Array.of(1, 255));
    refused(array(basic(name), 2), [1, 2], /not a Uint8Array/);
  }
  roundTrip(array(basic('bool'), 2), [true, false], [true, false]);
  roundTrip(
    array(array(basic('int'), 2), 2),
    [[1, 2], Int32Array.of(3, 4)],
    [Int32Array.of(1, 2), Int32Array.of(3, 4)],
  );
  foreignRoundTrip(array(foreign('opaque_t'), 2), Uint8Array.of(1, 2, 3, 4, 5, 6));
  refused(array(foreign('opaque_t'), 2), new Uint8Array(5), /multiple of 3/);
  refused(array(basic('bool'), 2), { length: 2 }, /not an array/);
});

test('what an enclave returns is a value of its type, or refused', () => {
  const poked = (type: CType, byte: number): unknown => {
    const made = makeEcall(modelOf(type), { v: type.kind === 'enum' ? 0 : false });
    made.side.answer(made.start, { outputs: {} });
    made.memory.view.setUint32(made.memory.at(made.start), byte, true);
    return made.decode().returned;
  };
  assert.equal(poked(basic('bool'), 1), true);
  assert.throws(() => poked(basic('bool'), 2), hasCode('EDL_VALUE_REFUSED', /f\.return/));
  assert.equal(poked(enumeration('colour'), 2), 2);
  assert.throws(() => poked(enumeration('colour'), 1), hasCode('EDL_VALUE_REFUSED', /enumerator of enum colour/));
});

test('an address needs its name in userCheck', () => {
  const handle = { address: 0x1234n, bytes: 16 };
  const { ecalls } = modelOf(struct('holder'));
  const holders = model({ composites, ecalls: [...ecalls] });
  const named = { userCheck: ['holder.cookie'] };
  const empty = { cookie: null };
  assert.deepEqual(
    callEcall(holders, { v: empty }, { answer: { returned: empty, outputs: {} } }).result.returned,
    empty,
  );
  assert.throws(() => makeEcall(holders, { v: { cookie: handle } }), hasCode('EDL_VALUE_REFUSED', /"holder\.cookie"/));
  const made = makeEcall(holders, { v: { cookie: handle } }, named);
  assert.equal(made.memory.word(made.start + 8n), handle.address);
  for (const cookie of [
    1n,
    5,
    {},
    { address: 5, bytes: 0 },
    { address: -1n, bytes: 0 },
    { address: 2n ** 64n, bytes: 0 },
  ]) {
    assert.throws(() => makeEcall(holders, { v: { cookie } }, named), hasCode('EDL_VALUE_REFUSED'));
  }
  made.memory.setWord(made.start, 0x99n);
  assert.deepEqual(made.decode().returned, { cookie: { address: 0x99n, bytes: 0 } });
  const unnamed = makeEcall(holders, { v: empty });
  unnamed.memory.setWord(unnamed.start, 0x99n);
  assert.throws(() => unnamed.decode(), hasCode('EDL_VALUE_REFUSED', /f\.return\.cookie/));
});
