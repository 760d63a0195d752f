import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EdlModel } from '@enclos/edl-compiler';
import { EnclosError } from '@enclos/errors';
import { type ArenaImage, type ArenaMemory, arenaMemory, type EcallResult, layoutOf } from '../src/index.ts';
import { bindInterface, createEcalls, serveOcalls, type OcallRequest, type SgxCalls } from '../src/host.ts';
import * as of from './models.ts';

const { basic } = of;
const base = 0x1000n;

type Values = Readonly<Record<string, unknown>>;
type Functions = Readonly<Record<string, (values?: Values) => Promise<unknown>>>;
type Handlers = Readonly<Record<string, (values: Values, during: { readonly ecalls: Functions }) => unknown>>;

const bind = (model: EdlModel) => bindInterface({ model, foreign: {}, userCheck: [] });

/** Carries calls of Intel's SDK to a function that writes into the image. */
function carry(code: (index: number, memory: DataView, image: ArenaImage | undefined) => void) {
  const made: number[] = [];
  const freed: bigint[] = [];
  const calls: SgxCalls = {
    abi: 'intel',
    ecall(index, image) {
      made.push(index);
      const bytes = image?.bytes.slice() ?? new Uint8Array();
      const memory = new DataView(bytes.buffer);
      for (const { at, target } of image?.pointers ?? []) memory.setBigUint64(at, base + BigInt(target), true);
      code(index, memory, image);
      return Promise.resolve({ memory: arenaMemory(bytes, base), address: base });
    },
    free: (address) => Promise.resolve(void freed.push(address)),
  };
  return { calls, made, freed };
}

const request = (bytes: Uint8Array, calls: SgxCalls): OcallRequest => ({
  memory: arenaMemory(bytes, base),
  address: bytes.length === 0 ? 0n : base,
  calls,
  allocate: () => 0n,
});

const silent = carry(() => undefined).calls;

describe('ECALLs', () => {
  const model = of.model({
    ecalls: [
      of.ecall('plain', [of.value('a', basic('int'))], basic('int')),
      { ...of.ecall('hidden', []), isPublic: false },
      of.ecall('both', [of.buffer('result', 'out', basic('int'))], basic('int')),
      of.ecall('toString', []),
    ],
  });
  const { ms_retval } = Object.fromEntries(
    layoutOf(model).intel.ecalls[2]?.fields.map(({ name, offset }) => [name, offset]) ?? [],
  );

  test('give what the function returns, or an object when memory comes back', async () => {
    const { calls } = carry((index, memory, image) => {
      if (index === 0) memory.setInt32(0, memory.getInt32(4, true) + 1, true);
      if (index !== 2) return;
      memory.setInt32(ms_retval ?? -1, 7, true);
      memory.setInt32(image?.pointers[0]?.target ?? -1, 9, true);
    });
    const ecalls = createEcalls<Functions>(bind(model), calls);
    assert.equal(await ecalls['plain']?.({ a: 41 }), 42);
    assert.deepEqual(await ecalls['both']?.({}), { result_: 7, result: 9 });
    assert.deepEqual(await ecalls['both']?.(), { result_: 7, result: 9 });
    assert.equal(await ecalls['toString']?.(), undefined);
  });

  test('give null for memory that NULL was passed for, whatever its name', async () => {
    const out = ['constructor', 'toString'].map((name) => of.buffer(name, 'inout', basic('int')));
    const { calls } = carry(() => undefined);
    const ecalls = createEcalls<Functions>(bind(of.model({ ecalls: [of.ecall('f', out)] })), calls);
    const result = await ecalls['f']?.({ constructor: null, toString: null });
    assert.deepEqual(result, { constructor: null, toString: null });
  });

  test('are the public ones by their index', async () => {
    const { calls, made } = carry(() => undefined);
    const ecalls = createEcalls<Functions>(bind(model), calls);
    assert.deepEqual(Object.keys(ecalls), ['plain', 'both', 'toString']);
    assert.ok(Object.isFrozen(ecalls));
    await ecalls['toString']?.();
    assert.deepEqual(made, [3]);
  });

  test('refuse a value before anything is called', async () => {
    const { calls, made } = carry(() => undefined);
    const ecalls = createEcalls<Functions>(bind(model), calls);
    await assert.rejects(async () => ecalls['plain']?.({ a: 2 ** 31 }), { code: 'EDL_VALUE_REFUSED' });
    await assert.rejects(async () => ecalls['plain']?.({ a: 1, b: 2 }), { code: 'EDL_VALUE_REFUSED' });
    assert.deepEqual(made, []);
  });

  test('free the memory that the enclave had the host reserve for deep copies, also of an answer that is refused', async () => {
    const bound = bind(of.model({ ecalls: [of.ecall('f', [])] }));
    const { calls, freed } = carry(() => undefined);
    const answered: bigint[] = [];
    const callOf = (decodeResult: () => EcallResult) => {
      const deepCopyBuffer = (_memory: ArenaMemory, address: bigint): bigint => 0x8000n + address;
      const ecalls = [{ name: 'f', encodeArguments: () => ({ decodeResult, deepCopyBuffer }) }];
      return createEcalls<Functions>({ ...bound, codec: () => ({ ecalls, ocalls: [] }) }, calls)['f'];
    };
    await callOf(() => {
      answered.push(...freed);
      return { outputs: {} };
    })?.();
    // Not before it was read.
    assert.deepEqual([answered, freed], [[], [0x9000n]]);
    const refused = new EnclosError('EDL_VALUE_REFUSED', 'f: no.', { details: { path: 'f' } });
    const refusing = callOf(() => {
      throw refused;
    });
    await assert.rejects(async () => refusing?.(), refused);
    assert.deepEqual(freed, [0x9000n, 0x9000n]);
  });
});

describe('OCALLs', () => {
  const model = of.model({
    ecalls: [of.ecall('open', []), { ...of.ecall('hidden', []), isPublic: false }],
    ocalls: [
      { ...of.ocall('ask', []), allows: [1] },
      of.ocall('read', [of.buffer('data', 'out', basic('int'))], { returns: basic('int'), propagatesErrno: true }),
      of.ocall('add', [of.value('a', basic('int'))], { returns: basic('int') }),
    ],
  });
  const handlers: Handlers = { ask: () => undefined, read: () => ({ result: 1 }), add: ({ a }) => Number(a) + 1 };
  const serve = (given: Partial<Handlers>) => serveOcalls(bind(model), { ...handlers, ...given });
  const fields = new Map(layoutOf(model).intel.ocalls[1]?.fields.map(({ name, offset }) => [name, offset]));
  const readCall = (): Uint8Array => {
    const bytes = new Uint8Array(64);
    new DataView(bytes.buffer).setBigUint64(fields.get('ms_data') ?? -1, base + 60n, true);
    return bytes;
  };

  test('call only the ECALLs that they allow, also private ones', async () => {
    const { calls, made } = carry(() => undefined);
    const names: string[][] = [];
    const server = serve({
      async ask(_values, { ecalls }) {
        names.push(Object.keys(ecalls));
        await ecalls['hidden']?.();
      },
    });
    assert.deepEqual(await server.ocall(0, request(new Uint8Array(), calls)), []);
    assert.deepEqual([names, made], [[['hidden']], [1]]);
  });

  test('pass on the result, memory and errno, now or later', async () => {
    for (const answer of [{ result: 5, data: 6, errno: 2 }, Promise.resolve({ result: 5, data: 6, errno: 2 })]) {
      const patches = await serve({ read: () => answer }).ocall(1, request(readCall(), silent));
      const written = new Map(patches.map(({ address, bytes }) => [address, new DataView(bytes.buffer)]));
      assert.equal(written.get(base + 60n)?.getInt32(0, true), 6);
      assert.equal(written.get(base)?.getInt32(fields.get('ms_retval') ?? -1, true), 5);
      assert.equal(written.get(base)?.getInt32(fields.get('ocall_errno') ?? -1, true), 2);
    }
    const call = new Uint8Array(8);
    new DataView(call.buffer).setInt32(4, 41, true);
    const [patch] = await serve({}).ocall(2, request(call, silent));
    assert.equal(new DataView(patch?.bytes.buffer ?? new ArrayBuffer()).getInt32(0, true), 42);
  });

  test('leave memory as it is when the answer has nothing of its own for it', async () => {
    const called = of.model({ ocalls: [of.ocall('f', [of.buffer('constructor', 'out', basic('int'))])] });
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setBigUint64(0, base + 8n, true);
    const patches = await serveOcalls(bind(called), { f: () => ({}) }).ocall(0, request(bytes, silent));
    assert.deepEqual(patches.at(-1), { address: base + 8n, bytes: new Uint8Array(4) });
  });

  test('write nothing where a buffer is empty, whatever its address', async () => {
    const data = of.buffer('data', 'out', basic('void'), { size: 'n' });
    const sized = of.model({ ocalls: [of.ocall('f', [data, of.value('n', basic('size_t'))])] });
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 64n - 8n, true);
    const patches = await serveOcalls(bind(sized), { f: () => ({}) }).ocall(0, request(bytes, silent));
    assert.deepEqual(
      patches.map(({ address }) => address),
      [base],
    );
  });

  test('refuse an answer of another form, and pass on what a handler throws', async () => {
    for (const wrong of [
      undefined,
      null,
      5,
      { result: 'x' },
      {},
      { result: 1, errno: 'x' },
      { result: 1, data: 'x' },
    ]) {
      const answer = serve({ read: () => wrong }).ocall(1, request(readCall(), silent));
      await assert.rejects(answer, { code: 'EDL_VALUE_REFUSED' }, JSON.stringify(wrong));
    }
    const thrown = new RangeError('mine');
    const failing = serve({
      ask() {
        throw thrown;
      },
    });
    await assert.rejects(failing.ocall(0, request(new Uint8Array(), silent)), (error) => error === thrown);
  });

  test('refuse an index that the interface does not have', async () => {
    for (const index of [3, -1, 0.5, 2 ** 40]) {
      await assert.rejects(serve({}).ocall(index, request(new Uint8Array(), silent)), { code: 'EDL_UNKNOWN_FUNCTION' });
    }
  });

  test('need each their handler, which may be a method', async () => {
    const { ask, read } = handlers;
    assert.throws(() => serveOcalls(bind(model), { ask, read }), { code: 'EDL_HANDLER_MISSING' });
    const inherited = of.model({ ocalls: [of.ocall('toString', []), of.ocall('constructor', [])] });
    assert.throws(() => serveOcalls(bind(inherited), {}), {
      code: 'EDL_HANDLER_MISSING',
      message: 'There is no handler for the OCALLs toString, constructor.',
    });
    const names = Array.from({ length: 14 }, (_, i) => `ask_${i}`);
    assert.throws(() => serveOcalls(bind(of.model({ ocalls: names.map((name) => of.ocall(name, [])) })), {}), {
      message: /ask_0, .*, ask_11 and 2 more\.$/,
      details: { ocalls: names },
    });
    class Host {
      #count = 0;
      toString(): string {
        return `${(this.#count += 1)}`;
      }
      ask(): void {
        this.#count += 10;
      }
    }
    const host = new Host();
    const named = bind(of.model({ ocalls: [of.ocall('constructor', [])] }));
    assert.throws(() => serveOcalls(named, host), { code: 'EDL_HANDLER_MISSING' });
    const server = serveOcalls(bind(of.model({ ocalls: [of.ocall('ask', [])] })), host);
    await server.ocall(0, request(new Uint8Array(), silent));
    assert.equal(host.toString(), '11');
  });
});

test('a bound interface is frozen in depth, and has one codec for each SDK', () => {
  const bound = bind(of.model({ ecalls: [of.ecall('f', [of.value('a', basic('int'))])] }));
  const parameter = bound.model.ecalls[0]?.parameters[0];
  assert.ok([bound, bound.model, bound.model.ecalls, parameter, parameter?.type].every(Object.isFrozen));
  assert.equal(bound.codec('oe'), bound.codec('oe'));
  assert.notEqual(bound.codec('oe'), bound.codec('intel'));
});
