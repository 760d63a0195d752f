import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { bindInterface } from '@enclos/edl-calls/host';
import { compileEdl } from '@enclos/edl-compiler';
import { isEnclosError } from '@enclos/errors';
import { generateSigningKey } from '@enclos/sgx/node';
import { loadSgxEnclave, type OcallHandlers, type SgxEnclave } from '@enclos/sgx-host';
import { intelEdl, intelEnclave, intelPatch } from '@enclos/sgx-image-kit';
import { failsWith, nativeCompilers, nativeTest, runFolder } from '@enclos/testkit';
import { openTestPlatform, type TestPlatform } from './platform.ts';

interface Ecalls {
  ecall_nothing: () => Promise<void>;
  ecall_copy: (values: { source: Uint8Array; bytes: bigint }) => Promise<{ copy: Uint8Array }>;
  ecall_ask: (values: { value: number }) => Promise<number>;
  ecall_report: (values: { target: Uint8Array; data: Uint8Array }) => Promise<{ report: Uint8Array }>;
  ecall_key: (values: { request: Uint8Array }) => Promise<{ result: number; key: Uint8Array }>;
  ecall_fault: (values: { kind: number }) => Promise<bigint>;
  ecall_misbehave: (values: { kind: number }) => Promise<void>;
  ecall_patched: () => Promise<number>;
}
interface Ocalls {
  ocall_ask: (
    values: { value: number },
    during: { ecalls: { ecall_nested: () => Promise<void> } },
  ) => Promise<number> | number;
}

const folder = runFolder(`sgx-host-running-${process.pid}`);
const image = join(folder, 'enclave.signed.so');
const key = generateSigningKey();

function bound() {
  const { model } = compileEdl({ file: 'kit.edl', read: () => intelEdl, dialect: 'intel' });
  assert.ok(model !== undefined);
  return bindInterface<Ecalls, Ocalls>({ model, foreign: {}, userCheck: [] });
}

/** KEYREQUEST (SDM vol. 3D, table 39-28): the seal key, by MRENCLAVE. */
function sealRequest(cpuSvn: Uint8Array): Uint8Array {
  const request = new Uint8Array(512);
  const view = new DataView(request.buffer);
  view.setUint16(0, 4, true);
  view.setUint16(2, 1, true);
  request.set(cpuSvn, 8);
  // ATTRIBUTEMASK: INIT and DEBUG.
  view.setBigUint64(24, 3n, true);
  return request;
}

describe("an enclave of Intel's SDK in its own process", () => {
  let platform: TestPlatform | undefined;
  let mrEnclave = new Uint8Array();

  const load = (
    ocalls: OcallHandlers<Ocalls>,
    change: { readonly debug?: boolean; readonly fastExit?: boolean } = {},
  ): Promise<SgxEnclave<Ecalls>> => {
    assert.ok(platform !== undefined);
    return loadSgxEnclave({ image, edl: bound(), ocalls, launcher: platform.launcher, isolation: 'best', ...change });
  };
  const plain: OcallHandlers<Ocalls> = { ocall_ask: ({ value }) => value + 1 };

  before(async () => {
    if (process.arch !== 'x64' || nativeCompilers.length === 0) return;
    platform = await openTestPlatform(folder);
    const enclave = intelEnclave({ key, threads: 3 });
    mrEnclave = Uint8Array.from(enclave.mrEnclave);
    writeFileSync(image, enclave.signed);
  });
  after(() => platform?.close());

  nativeTest('has the MRENCLAVE of its signature, and is called both ways', async () => {
    const enclave = await load(plain);
    assert.deepEqual(Uint8Array.from(enclave.identity.mrEnclave), mrEnclave);
    assert.equal(enclave.identity.debug, false);
    await enclave.ecalls.ecall_nothing();
    const source = Uint8Array.from({ length: 5000 }, (_, i) => i);
    assert.deepEqual((await enclave.ecalls.ecall_copy({ source, bytes: 5000n })).copy, source);
    assert.equal(await enclave.ecalls.ecall_ask({ value: 41 }), 42);
    assert.equal(await enclave.ecalls.ecall_patched(), intelPatch);
    await enclave.dispose();
    const exit = await enclave.exited;
    assert.equal(exit.exitCode, undefined);
  });

  nativeTest('serves as many calls at once as it has threads, and more after them', async () => {
    let [now, most] = [0, 0];
    const waiting: (() => void)[] = [];
    const enclave = await load({
      async ocall_ask({ value }) {
        now += 1;
        most = Math.max(most, now);
        // Three are answered together: a fourth can come only after them.
        const answered = new Promise<void>((resolve) => waiting.push(resolve));
        if (waiting.length === 3) for (const answer of waiting.splice(0)) answer();
        await answered;
        now -= 1;
        return value * 2;
      },
    });
    const values = Array.from({ length: 12 }, (_, i) => i);
    const answers = await Promise.all(values.map((value) => enclave.ecalls.ecall_ask({ value })));
    assert.deepEqual(
      answers,
      values.map((value) => 2 * value),
    );
    assert.equal(most, 3);
    await enclave.dispose();
  });

  nativeTest('is called during an OCALL as the interface allows, and not otherwise', async () => {
    const enclave = await load({
      async ocall_ask({ value }, { ecalls }) {
        await ecalls.ecall_nested();
        return value;
      },
    });
    assert.equal(await enclave.ecalls.ecall_ask({ value: 7 }), 7);
    assert.equal('ecall_nested' in enclave.ecalls, false);
    await enclave.dispose();
  });

  nativeTest('refuses a private ECALL by itself, whatever its host believes', async () => {
    assert.ok(platform !== undefined);
    const edl = join(folder, 'open.edl');
    writeFileSync(edl, intelEdl.replace('void ecall_nested', 'public void ecall_nested'));
    const { launcher } = platform;
    const enclave = await loadSgxEnclave({ image, edl, ocalls: { ocall_ask: () => 0 }, launcher, isolation: 'best' });
    const failure: unknown = await enclave.ecalls['ecall_nested']?.().catch((error: unknown) => error);
    assert.ok(isEnclosError(failure, 'EDL_CALL_FAILED') && failure.details['status'] === 0x1007, String(failure));
    await enclave.dispose();
  });

  nativeTest('faults, handles it inside, and goes on', async () => {
    const enclave = await load(plain);
    for (const [kind, vector] of [
      [0, 6n],
      [1, 14n],
      [2, 0n],
    ] as const) {
      const answer = await enclave.ecalls.ecall_fault({ kind });
      assert.equal(answer >> 32n, 1n, `kind ${kind}`);
      const exitInfo = answer & 0xffff_ffffn;
      // Faults of pages are told only with EXINFO.
      if (exitInfo !== 0n) assert.equal(exitInfo & 0xffn, vector, `kind ${kind}`);
    }
    await enclave.ecalls.ecall_nothing();
    await enclave.dispose();
  });

  nativeTest('makes reports and keys; debug mode has other keys', async () => {
    const keys: Uint8Array[] = [];
    for (const debug of [false, true]) {
      const enclave = await load(plain, { debug });
      assert.equal(enclave.identity.debug, debug);
      const data = new Uint8Array(64).fill(7);
      const { report } = await enclave.ecalls.ecall_report({ target: new Uint8Array(512), data });
      assert.deepEqual(report.subarray(64, 96), mrEnclave);
      assert.deepEqual(report.subarray(320, 384), data);
      const { result, key: sealing } = await enclave.ecalls.ecall_key({ request: sealRequest(report.subarray(0, 16)) });
      assert.equal(result, 0);
      keys.push(sealing);
      await enclave.dispose();
    }
    assert.notDeepEqual(keys[0], keys[1]);
  });

  nativeTest('ends when it makes a system call, and its callers learn why', async () => {
    const enclave = await load(plain);
    const failure: unknown = await enclave.ecalls.ecall_misbehave({ kind: 1 }).catch((error: unknown) => error);
    assert.ok(isEnclosError(failure, 'ENCLAVE_LOST') && /SIGSYS/.test(failure.message), String(failure));
    await assert.rejects(enclave.ecalls.ecall_nothing(), failsWith('ENCLAVE_LOST'));
    await enclave.dispose();
  });

  nativeTest('is ended while it computes for ever', async () => {
    const enclave = await load(plain);
    const spinning = enclave.within({ timeoutMs: 50 }).ecall_misbehave({ kind: 0 });
    await assert.rejects(spinning, failsWith('GATE_DEADLINE'));
    assert.equal(await enclave.ecalls.ecall_ask({ value: 1 }), 2);
    await enclave.dispose();
  });

  nativeTest('leaves nothing in the memory that it shares, however often it is called', async () => {
    const enclave = await load(plain, { fastExit: true });
    // All of the heap, if each call left its image.
    const source = new Uint8Array(4096);
    for (let i = 0; i < 500; i += 1) await enclave.ecalls.ecall_copy({ source, bytes: 4096n });
    const whole = enclave.memory.allocate(32 * 1024 * 1024);
    enclave.memory.free(whole);
    await enclave.dispose();
  });
});
