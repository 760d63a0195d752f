import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@enclos/codec';
import { type ErrorCode, isEnclosError } from '@enclos/errors';
import {
  array,
  bytes,
  type CallOptions,
  createCaller,
  createDispatcher,
  defineInterface,
  type Dispatch,
  func,
  type Handlers,
  type Invocation,
  maxArgumentBytes,
  maxEncodedBytes,
  option,
  record,
  string,
  uint32,
} from '../src/index.ts';
import { refusesDefinition } from './expect.ts';

const vault = defineInterface({
  name: 'vault',
  trusted: {
    put: func({ name: string({ maxBytes: 8 }), data: bytes({ maxBytes: 16 }) }),
    get: func({ name: string({ maxBytes: 8 }) }, option(bytes({ maxBytes: 16 }))),
    count: func({}, uint32()),
    list: func({}, array(record({ name: string({ maxBytes: 8 }) }), { maxItems: 2 })),
  },
  untrusted: {},
});

type VaultHandlers = Handlers<typeof vault.trusted, string>;

function memoryVault(): VaultHandlers {
  const entries = new Map<string, Uint8Array>();
  return {
    put: ({ name, data }, user) => void entries.set(user + name, data),
    get: async ({ name }, user) => entries.get(user + name),
    count: () => entries.size,
    list: () => [...entries.keys()].map((name) => ({ name })),
  };
}

/** A caller whose calls go straight to the dispatcher, and what crossed. */
function connect(dispatch: Dispatch<string>) {
  const calls: Invocation[] = [];
  const caller = createCaller(vault.trusted, async (call) => {
    calls.push(call);
    return dispatch(call.index, call.payload, 'ann');
  });
  return { caller, calls };
}

const rejects = async (code: ErrorCode, message: string, answer: unknown): Promise<void> => {
  await assert.rejects(Promise.resolve(answer), (error: unknown) => {
    assert.ok(isEnclosError(error, code), String(error));
    assert.equal(error.message, message);
    return true;
  });
};

/** Calls as untyped JavaScript would. */
const untyped = async (target: object, name: string, ...args: readonly unknown[]): Promise<unknown> => {
  const method: unknown = Reflect.get(target, name);
  assert.ok(typeof method === 'function');
  const result: unknown = await Reflect.apply(method, target, args);
  return result;
};

test('calls reach the handlers with their context, and results come back', async () => {
  const { caller, calls } = connect(createDispatcher(vault.trusted, memoryVault()));
  assert.equal(await caller.put({ name: 'a', data: Uint8Array.of(1) }), undefined);
  assert.deepEqual(await caller.get({ name: 'a' }), Uint8Array.of(1));
  assert.equal(await caller.get({ name: 'b' }), undefined);
  assert.equal(await caller.count(), 1);
  assert.deepEqual(await caller.list(), [{ name: 'anna' }]);
  assert.deepEqual(
    calls.map(({ index, name, payload, maxResultBytes }) => [index, name, toHex(payload), maxResultBytes]),
    [
      [0, 'put', '01610101', 0],
      [1, 'get', '0161', 18],
      [1, 'get', '0162', 18],
      [2, 'count', '', 4],
      [3, 'list', '', 19],
    ],
  );
});

test('options pass through, beside arguments or alone', async () => {
  const seen: (CallOptions | undefined)[] = [];
  const caller = createCaller(vault.trusted, async ({ options, index }) => {
    seen.push(options);
    return new Uint8Array(index === 2 ? 4 : 0);
  });
  const options = { timeoutMs: 5, signal: new AbortController().signal };
  await caller.put({ name: 'a', data: new Uint8Array() }, options);
  await caller.count(options);
  await caller.count();
  assert.deepEqual(seen, [options, options, undefined]);
});

test('a caller is frozen, without a prototype, and no thenable', async () => {
  const { caller } = connect(createDispatcher(vault.trusted, memoryVault()));
  assert.equal(Object.getPrototypeOf(caller), null);
  assert.ok(Object.isFrozen(caller));
  assert.equal(await Promise.resolve(caller), caller);
});

test('arguments that do not fit are refused before anything is sent', async () => {
  const { caller, calls } = connect(createDispatcher(vault.trusted, memoryVault()));
  await rejects(
    'EDL_VALUE_REFUSED',
    'put.name: 9 bytes, at most 8.',
    caller.put({ name: 'far too l', data: new Uint8Array() }),
  );
  await rejects('EDL_VALUE_REFUSED', 'put: not an object.', untyped(caller, 'put'));
  assert.equal(calls.length, 0);
});

test('a result that does not fit is refused by the caller', async () => {
  const answer = (...reply: readonly number[]) => createCaller(vault.trusted, async () => Uint8Array.from(reply));
  await rejects('EDL_VALUE_REFUSED', 'list()[0].name: 9 bytes, at most 8.', answer(1, 9, 1, 2).list());
  await rejects('EDL_VALUE_REFUSED', 'count(): 5 bytes when encoded, at most 4.', answer(1, 2, 3, 4, 5).count());
  await rejects(
    'EDL_VALUE_REFUSED',
    'put(): 1 byte when encoded, at most 0.',
    answer(0).put({ name: '', data: new Uint8Array() }),
  );
});

test('an error of invoke passes unchanged', async () => {
  const failure = new Error('lost');
  const caller = createCaller(vault.trusted, () => Promise.reject(failure));
  await assert.rejects(caller.count(), (error: unknown) => error === failure);
});

test('a handler never sees arguments that do not fit', async () => {
  let called = 0;
  const dispatch = createDispatcher<typeof vault.trusted, string>(vault.trusted, {
    ...memoryVault(),
    put: () => void called++,
  });
  await rejects('EDL_VALUE_REFUSED', 'put.name: 9 bytes, at most 8.', dispatch(0, Uint8Array.of(9, 1), 'ann'));
  await rejects('EDL_VALUE_REFUSED', 'count: 1 byte when encoded, at most 0.', dispatch(2, Uint8Array.of(0), 'ann'));
  assert.equal(called, 0);
});

test('an unknown index is refused', async () => {
  const dispatch = createDispatcher(vault.trusted, memoryVault());
  for (const index of [4, 65_535, -1, 0.5]) {
    await rejects(
      'EDL_UNKNOWN_FUNCTION',
      `No function has the index ${index}; there are 4.`,
      dispatch(index, new Uint8Array(), 'ann'),
    );
  }
});

test('the result of a handler that does not fit is not sent', async () => {
  const wrong = (name: string, result: unknown): Dispatch<string> =>
    createDispatcher(vault.trusted, { ...memoryVault(), ...Object.fromEntries([[name, () => result]]) });
  await rejects(
    'EDL_VALUE_REFUSED',
    'count(): not an integer (uint32).',
    wrong('count', 'three')(2, new Uint8Array(), 'ann'),
  );
  await rejects(
    'EDL_VALUE_REFUSED',
    'list(): 3 items, at most 2.',
    wrong('list', [1, 2, 3])(3, new Uint8Array(), 'ann'),
  );
  await rejects(
    'EDL_VALUE_REFUSED',
    'put(): a value where nothing is declared.',
    wrong('put', 3)(0, Uint8Array.of(0, 0), 'ann'),
  );
});

test('an error of a handler passes unchanged, thrown or rejected', async () => {
  const failure = new Error('from the handler');
  const dispatch = createDispatcher<typeof vault.trusted, string>(vault.trusted, {
    ...memoryVault(),
    count: () => {
      throw failure;
    },
    list: () => Promise.reject(failure),
  });
  await assert.rejects(Promise.resolve(dispatch(2, new Uint8Array(), 'ann')), (error: unknown) => error === failure);
  await assert.rejects(Promise.resolve(dispatch(3, new Uint8Array(), 'ann')), (error: unknown) => error === failure);
});

test('handlers may be methods of an instance', async () => {
  const counter = defineInterface({ name: 'counter', trusted: { next: func({}, uint32()) }, untrusted: {} });
  class Counter {
    #count = 6;
    next(): number {
      return ++this.#count;
    }
  }
  const dispatch = createDispatcher(counter.trusted, new Counter());
  assert.deepEqual(await dispatch(0, new Uint8Array(), undefined), Uint8Array.of(7, 0, 0, 0));
});

test('a missing handler is refused at construction', () => {
  const { put, get, count } = memoryVault();
  refusesDefinition('Function "list" has no handler.', () =>
    Reflect.apply(createDispatcher, undefined, [vault.trusted, { put, get, count }]),
  );
  refusesDefinition('Function "list" has no handler.', () =>
    Reflect.apply(createDispatcher, undefined, [vault.trusted, { put, get, count, list: 3 }]),
  );
});

test('the longest arguments of each function, by index', () => {
  const sizes = maxArgumentBytes(vault.trusted);
  assert.deepEqual(
    sizes,
    Object.values(vault.trusted).map(({ parameters }) => maxEncodedBytes(parameters)),
  );
  // A length byte before each of name and data.
  assert.deepEqual(sizes, [1 + 8 + 1 + 16, 1 + 8, 0, 0]);
  assert.ok(Object.isFrozen(sizes));
  assert.deepEqual(maxArgumentBytes({}), []);
  refusesDefinition(/was not made by func/, () => maxArgumentBytes({ put: {} } as never));
});
