import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  bigint,
  boolean,
  bytes,
  defineInterface,
  enumeration,
  func,
  nothing,
  option,
  record,
  string,
  type Type,
  uint16,
  uint32,
  uint8,
  union,
  type Value,
} from '../src/index.ts';
import { refusesDefinition } from './expect.ts';

const build = () =>
  defineInterface({
    name: 'vault',
    trusted: {
      put: func({ name: string({ maxBytes: 64 }), data: bytes({ maxBytes: 4096, minBytes: 1 }) }),
      list: func({}, array(record({ name: string({ maxBytes: 64 }), size: option(uint32()) }), { maxItems: 10 })),
    },
    untrusted: {
      store: func(
        { event: union('kind', { start: record({}), stop: record({ code: uint8() }) }), id: bytes({ exactBytes: 16 }) },
        boolean(),
      ),
    },
  });

test('describe is a canonical text', () => {
  assert.equal(
    build().describe(),
    [
      'enclos interface 1',
      'vault',
      'trusted 0 put record{name:string(0..64),data:bytes(1..4096)} nothing',
      'trusted 1 list record{} array(record{name:string(0..64),size:option(uint32)},0..10)',
      'untrusted 0 store record{event:union kind{start:record{},stop:record{code:uint8}},id:bytes(16)} boolean',
      '',
    ].join('\n'),
  );
  assert.equal(build().describe(), build().describe());
});

const describe = (field: Type<Value>, result: Type = nothing()): string =>
  defineInterface({ name: 'a', trusted: { f: func({ field }, result) }, untrusted: {} }).describe();

test('any change of a bound, name, order or type changes the description', () => {
  const texts = [
    describe(string({ maxBytes: 64 })),
    describe(string({ maxBytes: 65 })),
    describe(string({ maxBytes: 64, minBytes: 1 })),
    describe(bytes({ maxBytes: 64 })),
    describe(bytes({ maxBytes: 64, minBytes: 64 })),
    describe(bytes({ exactBytes: 64 })),
    describe(bigint({ maxBytes: 64 })),
    describe(bigint({ maxBytes: 65 })),
    describe(uint8()),
    describe(uint16()),
    describe(uint8(), uint8()),
    describe(option(uint8())),
    describe(array(uint8(), { maxItems: 3 })),
    describe(array(uint8(), { maxItems: 4 })),
    describe(array(uint8(), { maxItems: 3, minItems: 1 })),
    describe(array(option(uint8()), { maxItems: 3 })),
    describe(option(array(uint8(), { maxItems: 3 }))),
    describe(enumeration('a', 'b')),
    describe(enumeration('b', 'a')),
    describe(enumeration('a', 'b', 'c')),
    describe(record({ a: uint8(), b: uint8() })),
    describe(record({ b: uint8(), a: uint8() })),
    describe(record({ a: uint8(), c: uint8() })),
    describe(record({ a: uint8() })),
    describe(union('kind', { a: record({}), b: record({}) })),
    describe(union('kind', { b: record({}), a: record({}) })),
    describe(union('type', { a: record({}), b: record({}) })),
    defineInterface({ name: 'b', trusted: { f: func({ field: uint8() }) }, untrusted: {} }).describe(),
    defineInterface({ name: 'a', trusted: { g: func({ field: uint8() }) }, untrusted: {} }).describe(),
    defineInterface({ name: 'a', trusted: {}, untrusted: { f: func({ field: uint8() }) } }).describe(),
    defineInterface({ name: 'a', trusted: { f: func({ other: uint8() }) }, untrusted: {} }).describe(),
    defineInterface({ name: 'a', trusted: { f: func({}), g: func({}) }, untrusted: {} }).describe(),
    defineInterface({ name: 'a', trusted: { g: func({}), f: func({}) }, untrusted: {} }).describe(),
  ];
  assert.equal(new Set(texts).size, texts.length);
});

test('an interface is frozen, and later changes of the definition do not reach it', () => {
  const trusted = { f: func({}) };
  const iface = defineInterface({ name: 'a', trusted, untrusted: {} });
  const before = iface.describe();
  Object.assign(trusted, { g: func({}) });
  assert.equal(iface.describe(), before);
  assert.deepEqual(Object.keys(iface.trusted), ['f']);
  assert.ok(
    Object.isFrozen(iface) &&
      Object.isFrozen(iface.trusted) &&
      Object.isFrozen(iface.untrusted) &&
      Object.isFrozen(iface.trusted.f),
  );
});

test('names are identifiers of at most 64 characters', () => {
  defineInterface({ name: 'x'.repeat(64), trusted: {}, untrusted: {} });
  for (const name of ['', '1a', 'a-b', 'a.b', 'a b', 'é', 'x'.repeat(65), '__proto__', 'constructor']) {
    refusesDefinition(/the interface/, () => defineInterface({ name, trusted: {}, untrusted: {} }));
    refusesDefinition(/a function/, () =>
      defineInterface({ name: 'a', trusted: Object.fromEntries([[name, func({})]]), untrusted: {} }),
    );
    refusesDefinition(/a field/, () => func(Object.fromEntries([[name, uint8()]])));
  }
  refusesDefinition(/taken for a promise/, () =>
    defineInterface({
      name: 'a',
      trusted: Object.fromEntries(['then'].map((name) => [name, func({})])),
      untrusted: {},
    }),
  );
});

test('a side has at most 1024 functions', () => {
  const some = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, func({})]));
  defineInterface({ name: 'a', trusted: some(1024), untrusted: {} });
  refusesDefinition('1025 functions, at most 1024.', () =>
    defineInterface({ name: 'a', trusted: {}, untrusted: some(1025) }),
  );
});

test('what was not made by func() is refused', () => {
  const forged = { parameters: record({}), result: nothing() };
  refusesDefinition(/Function "f" was not made by func/, () =>
    defineInterface({ name: 'a', trusted: { f: forged }, untrusted: {} }),
  );
  refusesDefinition(/The result of func\(\) is not a type/, () => Reflect.apply(func, undefined, [{}, 'uint8']));
  refusesDefinition('functions are given as an object.', () =>
    Reflect.apply(defineInterface, undefined, [{ name: 'a' }]),
  );
});
