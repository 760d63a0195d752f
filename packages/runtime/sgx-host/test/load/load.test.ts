import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { createMetrics, type HostEvent } from '@enclos/host';
import type { BoundInterface } from '@enclos/edl-calls/host';
import { EdlFileError } from '@enclos/edl-compiler';
import { isEnclosError } from '@enclos/errors';
import { failsWith, nativeTest, runFolder, until } from '@enclos/testkit';
import { loadSgxEnclave } from '@enclos/sgx-host';
import type { SgxLauncher } from '@enclos/tee';
import { type FakeIntelEnclave, type Inside, playIntel } from '../intel/fake-enclave.ts';
import { fakeArenaBase } from '../fake-stub.ts';
import { fakeLauncher, signedFiles } from './fake-launcher.ts';

const edl = `enclave {
  from "sgx_tstdc.edl" import sgx_oc_cpuidex;
  trusted {
    public int add(int a, int b);
    public void wait(void);
    public void map([user_check] uint8_t* memory, size_t bytes);
    int inner(int a);
  };
  untrusted { int twice(int a) allow(inner); };
};`;

const folder = runFolder(`sgx-host-edl-${process.pid}`);
const file = join(folder, 'calls.edl');
writeFileSync(file, edl);
writeFileSync(
  join(folder, 'sgx_tstdc.edl'),
  'enclave { untrusted { [cdecl] void sgx_oc_cpuidex([out] int cpuinfo[4], int leaf, int subleaf); }; };',
);

const oeFile = join(folder, 'oe.edl');
writeFileSync(oeFile, 'enclave { trusted { public void map(uint8_t* memory); }; untrusted { int twice(int a); }; };');

const int = (...values: readonly number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);

/** Doubles the sum by the host. */
const add = async ({ memory, ms, ocall }: Inside): Promise<number> => {
  const view = memory.view(ms, 12);
  const { status, structure } = await ocall(0, int(0, view.getInt32(4, true) + view.getInt32(8, true)));
  view.setInt32(0, structure.getInt32(0, true), true);
  return status;
};
const inner = ({ memory, ms }: Inside): number => {
  const view = memory.view(ms, 8);
  view.setInt32(0, view.getInt32(4, true) + 1, true);
  return 0;
};
const map = ({ memory, ms }: Inside): number => {
  const view = memory.view(ms, 16);
  const [address, bytes] = [view.getBigUint64(0, true), Number(view.getBigUint64(8, true))];
  memory.write(address, memory.read(address, bytes).toReversed());
  return 0;
};
const forever = (): Promise<number> => new Promise(() => {});
const enclave: FakeIntelEnclave = { trusted: [add, forever, map, inner] };

class Handlers {
  readonly #factor = 2;
  twice({ a }: { a: number }): number {
    return this.#factor * a;
  }
}

const options = (change: Partial<FakeIntelEnclave> = {}) => {
  const launcher = fakeLauncher(playIntel({ ...enclave, ...change }));
  return {
    launcher,
    given: { image: signedFiles().intel, edl: file, ocalls: new Handlers(), launcher, userCheck: ['map.memory'] },
  };
};

describe('loadSgxEnclave', () => {
  nativeTest('loads the file of an enclave and calls it, with handlers of any object', async () => {
    const { launcher, given } = options();
    const loaded = await loadSgxEnclave({ ...given, threads: 2, stackBytes: 65_536, configSvn: 3 });
    assert.equal(await loaded.ecalls['add']?.({ a: 20, b: 1 }), 42);
    const [request] = launcher.requests;
    assert.ok(request !== undefined);
    assert.equal(request.threads, 2);
    assert.equal(request.arenaBytes, 2 * 65_536 + 32 * 2 ** 20);
    assert.equal(request.fastExit, false);
    assert.equal(request.isolation, 'strict');
    assert.equal(request.configSvn, 3);
    assert.equal(request.signature.length, 1808);
    assert.equal(request.attributes.flags & 2n, 0n, 'not in debug mode');
    assert.ok((launcher.streamed[0] ?? 0) > 65_536);
    assert.equal(loaded.threads, 2);
    await loaded.dispose();
    await loaded.dispose();
    assert.ok(launcher.terminated > 0);
  });

  nativeTest('takes all threads, and asks for debug mode when told', async () => {
    const { launcher, given } = options();
    const loaded = await loadSgxEnclave({ ...given, debug: true, fastExit: true, isolation: 'best' });
    const [request] = launcher.requests;
    assert.deepEqual([loaded.threads, request?.fastExit, request?.isolation], [3, true, 'best']);
    assert.equal((request?.attributes.flags ?? 0n) & 2n, 2n);
  });

  nativeTest('refuses options that cannot be', async () => {
    const { given } = options();
    for (const wrong of [
      { threads: 0 },
      { threads: 4 },
      { threads: 1.5 },
      { stackBytes: 5000 },
      { stackBytes: 0 },
      { arenaBytes: 4096 },
      { arenaBytes: 2 ** 31 },
      { arenaBytes: 2 ** 26 + 1 },
      { startTimeoutMs: Infinity },
      { callTimeoutMs: 0 },
      { disposeTimeoutMs: Number.NaN },
      { image: join(folder, 'absent') },
      { image: folder },
      { edl: join(folder, 'absent.edl') },
      { edl: folder },
    ]) {
      await assert.rejects(
        loadSgxEnclave({ ...given, ...wrong }),
        failsWith('HOST_OPTION_INVALID'),
        JSON.stringify(wrong),
      );
    }
    await assert.rejects(loadSgxEnclave({ ...given, ocalls: {} }), failsWith('EDL_HANDLER_MISSING'));
    // Its calls would be others.
    const openEnclave = { ...given, dialect: 'oe' as const, edl: oeFile };
    await assert.rejects(loadSgxEnclave(openEnclave), failsWith('HOST_OPTION_INVALID'));
    // Its own functions would suit both SDKs; what it imports does not.
    const importing = join(folder, 'importing.edl');
    writeFileSync(
      importing,
      'enclave { trusted { public void f(void); }; untrusted { int oe_sgx_get_cpuid_table_ocall(int a); }; };',
    );
    await assert.rejects(loadSgxEnclave({ ...given, edl: importing }), {
      code: 'HOST_OPTION_INVALID',
      message: "edl: oe_sgx_get_cpuid_table_ocall is an OCALL of Open Enclave, and the image is of Intel's SDK.",
    });
    const ocalls = { oe_sgx_get_cpuid_table_ocall: () => 0 };
    await (await loadSgxEnclave({ ...given, edl: importing, ocalls, userCheck: [] })).dispose();
    const wrongFile = join(folder, 'wrong.edl');
    writeFileSync(wrongFile, 'enclave { trusted { }');
    await assert.rejects(loadSgxEnclave({ ...given, edl: wrongFile }), failsWith('EDL_FILE_REFUSED'));
    // What an import names may be anything; the importing file is what is wrong then.
    symlinkSync('loop.edl', join(folder, 'loop.edl'));
    writeFileSync(join(folder, 'large.edl'), Buffer.alloc(4 * 1024 * 1024 + 2, 0x20));
    for (const [name, id] of [
      ['loop.edl', 'edl-file-not-found'],
      ['large.edl', 'edl-file-too-large'],
    ] as const) {
      writeFileSync(wrongFile, `enclave { from "${name}" import *; };`);
      await assert.rejects(loadSgxEnclave({ ...given, edl: wrongFile }), (error) => {
        assert.ok(error instanceof EdlFileError);
        assert.deepEqual(
          error.diagnostics.map(({ code }) => code),
          [id],
        );
        return true;
      });
    }
  });

  nativeTest('ends an enclave that refuses to begin, or does not begin in time', async () => {
    const refusing = options({ initialize: () => 1 });
    await assert.rejects(loadSgxEnclave(refusing.given), failsWith('EDL_CALL_FAILED'));
    const crashing = options({ initialize: () => 0x1006 });
    await assert.rejects(loadSgxEnclave(crashing.given), failsWith('ENCLAVE_START_FAILED'));
    assert.ok(refusing.launcher.terminated > 0 && crashing.launcher.terminated > 0);

    const silent = fakeLauncher(async () => {});
    const slow = loadSgxEnclave({ ...refusing.given, launcher: silent, startTimeoutMs: 50 });
    await assert.rejects(slow, failsWith('GATE_DEADLINE'));
    const abort = new AbortController();
    const aborted = loadSgxEnclave({ ...refusing.given, launcher: silent, signal: abort.signal });
    await until('it was launched', () => silent.stubs.length === 2);
    abort.abort();
    await assert.rejects(aborted, failsWith('GATE_CANCELLED'));
    assert.ok(silent.terminated >= 2);

    const lying = fakeLauncher(async () => {}, { stackBytes: 4096 });
    await assert.rejects(loadSgxEnclave({ ...refusing.given, launcher: lying }), failsWith('ENCLAVE_START_FAILED'));
    assert.ok(lying.terminated > 0);
  });

  nativeTest('bounds calls: one that takes too long, one that is aborted, one that waits for a thread', async () => {
    const { given, launcher } = options();
    const loaded = await loadSgxEnclave({ ...given, threads: 1, callTimeoutMs: 30 });
    await assert.rejects(async () => loaded.ecalls['wait']?.(), failsWith('GATE_DEADLINE'));
    const abort = new AbortController();
    const within = loaded.within({ timeoutMs: Infinity, signal: abort.signal });
    const waiting = within['add']?.({ a: 1, b: 1 });
    abort.abort(new Error('enough'));
    await assert.rejects(async () => waiting, failsWith('GATE_CANCELLED'));
    await assert.rejects(async () => within['add']?.({ a: 1, b: 1 }), failsWith('GATE_CANCELLED'));
    // The first call is still inside, and what was given up did not enter.
    assert.equal(launcher.stubs[0]?.seen.enter, 2);
    const pending = loaded.within({ timeoutMs: Infinity })['add']?.({ a: 1, b: 1 });
    await loaded.dispose();
    await assert.rejects(async () => pending, failsWith('ENCLAVE_LOST'));
  });

  nativeTest('says why an enclave was lost, to each pending call and to later ones', async () => {
    const { given, launcher } = options();
    const loaded = await loadSgxEnclave(given);
    const pending = [loaded.ecalls['wait']?.(), loaded.ecalls['wait']?.()];
    await until('both are inside', () => launcher.stubs[0]?.seen.enter === 3);
    launcher.exit({ exitCode: 70, signal: undefined, detail: 'The stub itself faulted.' });
    for (const call of [...pending, loaded.ecalls['add']?.({ a: 1, b: 1 })]) {
      const error: unknown = await call?.catch((reason: unknown) => reason);
      assert.ok(
        isEnclosError(error, 'ENCLAVE_LOST') && error.message.includes('The stub itself faulted.'),
        String(error),
      );
    }
    const memory = loaded.memory.allocate(8);
    await assert.rejects(loaded.memory.read(memory), failsWith('ENCLAVE_LOST'));
    assert.equal((await loaded.exited).exitCode, 70);
    await loaded.dispose();
  });

  nativeTest('has addresses that nothing checks lead to memory that was reserved', async () => {
    const { given } = options();
    const loaded = await loadSgxEnclave(given);
    const { memory } = loaded;
    const region = memory.allocate(6);
    await memory.write(region, Uint8Array.of(1, 2, 3, 4, 5, 6));
    await memory.write(region, Uint8Array.of(9), 5);
    await loaded.ecalls['map']?.({ memory: region, bytes: 6n });
    assert.deepEqual(Array.from(await memory.read(region)), [9, 5, 4, 3, 2, 1]);
    assert.deepEqual(Array.from(await memory.read(region, 4, 1)), [2]);
    for (const [from, bytes] of [
      [-1, 1],
      [6, 1],
      [0, 7],
      [1.5, 1],
      [0, Number.NaN],
    ] as const) {
      await assert.rejects(memory.read(region, from, bytes), failsWith('HOST_OPTION_INVALID'));
    }
    await assert.rejects(memory.write(region, new Uint8Array(2), 5), failsWith('HOST_OPTION_INVALID'));
    await assert.rejects(memory.read({ address: fakeArenaBase, bytes: 8 }), failsWith('HOST_OPTION_INVALID'));
    memory.free(region);
    assert.throws(() => memory.free(region), failsWith('HOST_OPTION_INVALID'));
    await assert.rejects(memory.read(region), failsWith('HOST_OPTION_INVALID'));
  });

  nativeTest('is observed as other enclaves are: calls both ways, nested ones, the load, and the end', async () => {
    type During = { ecalls: { inner: (values: { a: number }) => Promise<number> } };
    const twice = ({ a }: { a: number }, { ecalls }: During) => {
      if (a > 90) throw new Error('too much');
      return ecalls.inner({ a });
    };
    const events: HostEvent[] = [];
    const metrics = createMetrics();
    const { given } = options();
    const instrumentation = [metrics, { event: (event: HostEvent) => void events.push(event) }];
    const loaded = await loadSgxEnclave({ ...given, ocalls: { twice }, instrumentation });
    assert.equal(await loaded.ecalls['add']?.({ a: 1, b: 2 }), 4);
    await assert.rejects(async () => loaded.ecalls['add']?.({ a: 50, b: 50 }), failsWith('EDL_CALL_FAILED'));
    await loaded.dispose();
    const text = metrics.render();
    for (const line of [
      'enclos_calls_total{enclave="calls",function="add",code="OK"} 1',
      'enclos_calls_total{enclave="calls",function="add",code="EDL_CALL_FAILED"} 1',
      'enclos_calls_total{enclave="calls",function="inner",code="OK"} 1',
      'enclos_host_calls_total{enclave="calls",function="twice",code="OK"} 1',
      'enclos_host_calls_total{enclave="calls",function="twice",code="HOST_CALL_FAILED"} 1',
    ]) {
      assert.ok(text.includes(line), `${line}\nin\n${text}`);
    }
    const names = events.map(({ event }) => event);
    assert.deepEqual(names, ['loaded', 'started', 'call-failed', 'call-failed', 'disposed']);
  });

  nativeTest('tells why it ended an enclave itself', async () => {
    const events: HostEvent[] = [];
    const { given } = options({ trusted: [() => 0x1006] });
    const instrumentation = { event: (event: HostEvent) => void events.push(event) };
    const loaded = await loadSgxEnclave({ ...given, instrumentation });
    await assert.rejects(async () => loaded.ecalls['add']?.({ a: 1, b: 1 }), failsWith('ENCLAVE_LOST'));
    const { signal, detail } = await loaded.exited;
    assert.equal(signal, 'SIGKILL');
    assert.match(detail, /SGX_ERROR_ENCLAVE_CRASHED \(0x1006\)/);
    const lost = (): HostEvent | undefined => events.find(({ event }) => event === 'lost');
    await until('it is told', () => lost() !== undefined);
    assert.match(String(lost()?.fields['reason']), /0x1006/);
  });

  nativeTest('tells of an enclave that ended by itself', async () => {
    const events: HostEvent[] = [];
    const { given, launcher } = options();
    const instrumentation = { event: (event: HostEvent) => void events.push(event) };
    await loadSgxEnclave({ ...given, instrumentation });
    launcher.exit({ exitCode: 67, signal: undefined, detail: 'There was no place.' });
    await until('it is told', () => events.some(({ event }) => event === 'lost'));
    assert.equal(events.at(-1)?.fields['reason'], 'There was no place.');
  });
});

/** Never called: that a handler of a wrong type is marked where it stands, and not the whole call. */
export function typedHandlers(bound: BoundInterface<object, { readonly ask: () => number }>, launcher: SgxLauncher) {
  return loadSgxEnclave({
    image: 'enclave.signed.so',
    launcher,
    edl: bound,
    ocalls: {
      // @ts-expect-error -- its OCALL returns a number
      ask: () => 'text',
    },
  });
}
