import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { boolean } from '../src/index.ts';
import {
  array,
  bigint,
  bytes,
  type Caller,
  createCaller,
  createDispatcher,
  decodeValue,
  defineInterface,
  type Dispatch,
  encodeValue,
  enumeration,
  float64,
  func,
  type Handlers,
  type Infer,
  nothing,
  option,
  record,
  string,
  type Type,
  uint32,
  uint64,
  union,
} from '../src/index.ts';

/** True only for identical types: both directions of assignability would let `any` and optionality through. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_proof: Same<A, B>): void {}
/** Compiled, never run: what JavaScript would do there is tested elsewhere. */
function compiledOnly(_body: () => void): void {}

const color = enumeration('red', 'green');
const point = record({ x: float64(), y: float64(), label: option(string({ maxBytes: 8 })) });
const shape = union('kind', {
  circle: record({ radius: float64() }),
  named: record({ name: option(uint32()) }),
  empty: record({}),
});
const vault = defineInterface({
  name: 'vault',
  trusted: {
    put: func({ name: string({ maxBytes: 64 }), data: bytes({ maxBytes: 4096 }), color: option(color) }),
    get: func({ name: string({ maxBytes: 64 }) }, option(bytes({ maxBytes: 4096 }))),
    count: func({}, uint32()),
    shapes: func({ points: array(point, { maxItems: 4 }) }, array(shape, { maxItems: 4 })),
  },
  untrusted: { log: func({ line: string({ maxBytes: 256 }) }) },
});

test('Infer gives the TypeScript type of every kind', () => {
  same<Infer<ReturnType<typeof boolean>>, boolean>(true);
  same<Infer<ReturnType<typeof uint32>>, number>(true);
  same<Infer<ReturnType<typeof uint64>>, bigint>(true);
  same<Infer<ReturnType<typeof bigint>>, bigint>(true);
  same<Infer<ReturnType<typeof string>>, string>(true);
  same<Infer<ReturnType<typeof bytes>>, Uint8Array>(true);
  same<Infer<ReturnType<typeof nothing>>, void>(true);
  same<Infer<typeof color>, 'red' | 'green'>(true);
  same<Infer<typeof point>, { readonly x: number; readonly y: number; readonly label?: string | undefined }>(true);
  const points = array(point, { maxItems: 2 });
  same<Infer<typeof points>, readonly Infer<typeof point>[]>(true);
  const maybe = option(points);
  same<Infer<typeof maybe>, readonly Infer<typeof point>[] | undefined>(true);
  same<
    Infer<typeof shape>,
    | { readonly kind: 'circle'; readonly radius: number }
    | { readonly kind: 'named'; readonly name?: number | undefined }
    | { readonly kind: 'empty' }
  >(true);
  same<Infer<Type<string>>, string>(true);
});

test('a union narrows by its tag', () => {
  const area = (value: Infer<typeof shape>): number => (value.kind === 'circle' ? value.radius : 0);
  assert.equal(area({ kind: 'circle', radius: 2 }), 2);
});

test('bounds are mandatory for the compiler', () => {
  compiledOnly(() => {
    // @ts-expect-error no bounds
    string();
    // @ts-expect-error no maxBytes
    string({});
    // @ts-expect-error misspelt
    string({ maxLength: 3 });
    // @ts-expect-error no bounds
    bytes();
    // @ts-expect-error no upper bound
    bytes({ minBytes: 3 });
    // @ts-expect-error either, not both
    bytes({ maxBytes: 3, exactBytes: 3 });
    // @ts-expect-error no bounds
    array(uint32());
    // @ts-expect-error no maxItems
    array(uint32(), {});
    // @ts-expect-error no bounds
    bigint();
  });
});

test('meaningless types do not compile', () => {
  compiledOnly(() => {
    // @ts-expect-error an option of an option
    option(option(uint32()));
    // @ts-expect-error an option of nothing
    option(nothing());
    // @ts-expect-error a list of nothing
    array(nothing(), { maxItems: 3 });
    // @ts-expect-error a field of nothing
    record({ field: nothing() });
    // @ts-expect-error a variant that is no record
    union('kind', { a: uint32() });
    // @ts-expect-error no names
    enumeration();
    // @ts-expect-error not a type
    record({ field: 'uint32' });
  });
});

test('values are checked against their type by the compiler', () => {
  compiledOnly(() => {
    encodeValue(point, { x: 1, y: 2 });
    encodeValue(point, { x: 1, y: 2, label: undefined });
    // @ts-expect-error y is missing
    encodeValue(point, { x: 1 });
    // @ts-expect-error unknown field
    encodeValue(point, { x: 1, y: 2, z: 3 });
    // @ts-expect-error another word
    encodeValue(color, 'blue');
    // @ts-expect-error a number is not a bigint
    encodeValue(uint64(), 1);
    // @ts-expect-error the field of another variant
    encodeValue(shape, { kind: 'empty', radius: 3 });
    same<ReturnType<typeof decodeValue<typeof point>>, Infer<typeof point>>(true);
    const decoded = decodeValue(point, new Uint8Array());
    // @ts-expect-error decoded values are read-only
    decoded.x = 3;
  });
});

test('a generic function over a type compiles', () => {
  const page = <T extends NonNullable<unknown>>(item: Type<T>) => array(item, { maxItems: 3 });
  const words = page(string({ maxBytes: 3 }));
  same<Infer<typeof words>, readonly string[]>(true);
});

test('a caller has the precise signatures of the functions', () => {
  type Vault = Caller<typeof vault.trusted>;
  same<ReturnType<Vault['put']>, Promise<void>>(true);
  same<ReturnType<Vault['get']>, Promise<Uint8Array | undefined>>(true);
  same<ReturnType<Vault['count']>, Promise<number>>(true);
  same<
    Parameters<Vault['put']>[0],
    { readonly name: string; readonly data: Uint8Array; readonly color?: 'red' | 'green' | undefined }
  >(true);
  compiledOnly(() => {
    const caller = createCaller(vault.trusted, async () => new Uint8Array());
    void caller.put({ name: 'a', data: new Uint8Array() });
    void caller.put(
      { name: 'a', data: new Uint8Array(), color: 'red' },
      { timeoutMs: 3, signal: new AbortController().signal },
    );
    void caller.count();
    void caller.count({ timeoutMs: 3 });
    // @ts-expect-error a missing parameter
    void caller.put({ name: 'a' });
    // @ts-expect-error an unknown parameter
    void caller.put({ name: 'a', data: new Uint8Array(), size: 3 });
    // @ts-expect-error no arguments
    void caller.get();
    // @ts-expect-error options, not arguments
    void caller.count({ name: 'a' });
    // @ts-expect-error an unknown function
    void caller.remove;
    // @ts-expect-error read-only
    caller.count = async () => 3;
  });
});

interface Session {
  readonly user: string;
}

const handlers: Handlers<typeof vault.trusted, Session> = {
  put: ({ name, data }, { user }) => void `${user}${name}${data.length}`,
  get: async ({ name }, { user }) => (name === user ? new Uint8Array(3) : undefined),
  count: () => 3,
  shapes: ({ points }) => points.map(({ x }) => ({ kind: 'circle', radius: x }) as const),
};

test('handlers have the precise signatures, and the context is inferred', () => {
  const dispatch = createDispatcher(vault.trusted, handlers);
  same<typeof dispatch, Dispatch<Session>>(true);
  const inline = createDispatcher<typeof vault.untrusted, Session>(vault.untrusted, {
    log: ({ line }, { user }) => void (line + user),
  });
  same<typeof inline, Dispatch<Session>>(true);
  compiledOnly(() => {
    // @ts-expect-error a missing handler
    createDispatcher(vault.trusted, { count: () => 3 });
    // @ts-expect-error an unknown handler
    createDispatcher(vault.untrusted, { log: () => undefined, other: () => undefined });
    // @ts-expect-error the wrong result
    createDispatcher(vault.trusted, { ...handlers, count: () => 'three' });
    // @ts-expect-error a result where nothing is declared
    createDispatcher(vault.untrusted, { log: () => 3 });
    // @ts-expect-error the wrong parameters
    createDispatcher(vault.trusted, { ...handlers, get: ({ key }: { key: string }) => void key });
  });
});
