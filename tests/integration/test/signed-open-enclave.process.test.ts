import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { INTEL_SGX_ROOT, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { quoteOfReportExtension } from '@enclos/attestation/carriers';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { createWorkshop } from '@enclos/process-kit';
import { encodeKeyRequest, KeyName, KeyPolicy } from '@enclos/sgx';
import { generateSigningKey } from '@enclos/sgx/node';
import { loadSgxEnclave, type SgxEnclave, type UntypedEcalls } from '@enclos/sgx-host';
import { openEnclave, openEnclaveEdl } from '@enclos/sgx-image-kit';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { nativeCompilers, nativeTest } from '@enclos/testkit';

type Loaded = SgxEnclave<UntypedEcalls>;

const workshop = createWorkshop();
const key = generateSigningKey();
let platform: EmbeddedPlatform;
let image: string;
let edl: string;
before(async () => {
  platform = await workshop.startPlatform('here');
  const folder = workshop.subfolder('signed');
  [image, edl] = [join(folder, 'enclave.signed'), join(folder, 'enclave.edl')];
});
after(() => workshop.close());

const kit = () => openEnclave({ key, threads: 2 });

/** Loads the kit's enclave, as a team does that has a signed file and its interface. */
async function load(
  options: { readonly debug?: boolean; readonly ocalls?: object; readonly edl?: string } = {},
): Promise<Loaded> {
  writeFileSync(image, kit().signed);
  writeFileSync(edl, options.edl ?? openEnclaveEdl);
  const ocalls = { ocall_ask: ({ value }: { readonly value: number }) => 2 * value, ...options.ocalls };
  return loadSgxEnclave({ image, edl, ocalls, launcher: platform, debug: options.debug, isolation: 'best' });
}

async function call(enclave: Loaded, name: string, values?: object): Promise<unknown> {
  const ecall = enclave.ecalls[name];
  assert.ok(ecall !== undefined, name);
  return ecall(values);
}

const failsWith =
  (code: string, name?: string) =>
  (error: unknown): boolean => {
    assert.ok(isEnclosError(error), String(error));
    assert.equal(error.code, code, error.message);
    if (name !== undefined) assert.equal(error.details['name'], name);
    return true;
  };

nativeTest('evidence of an unmodified enclave holds under the root of its platform, and under no other', async () => {
  await using enclave = await load();
  const mrEnclave = toHex(kit().mrEnclave);
  assert.equal(toHex(enclave.identity.mrEnclave), mrEnclave);
  const data = new Uint8Array(64).map((_, i) => i);
  // What the kit's interface says.
  const answer = (await call(enclave, 'ecall_evidence', { data, room: 16_384n })) as {
    readonly result: number;
    readonly evidence: Uint8Array;
    readonly evidence_bytes: bigint;
  };
  assert.equal(answer.result, 0);
  const { quote, hasHeader } = quoteOfReportExtension(answer.evidence.subarray(0, Number(answer.evidence_bytes)));
  assert.ok(hasHeader);
  const endorsements = parseCollateral(JSON.parse(await platform.endorsements()));
  const root = await softwareRoot((await platform.describe()).rootCertificate);
  const verdict = await verifyQuote(quote, endorsements, { roots: [root], now: new Date() });
  assert.ok(verdict.tee === 'sgx');
  assert.equal(verdict.report.mrEnclave, mrEnclave);
  assert.equal(verdict.report.reportData, toHex(data));
  const byDefault = verifyQuote(quote, endorsements, { roots: [INTEL_SGX_ROOT], now: new Date() });
  await assert.rejects(byDefault, failsWith('EVIDENCE_REFUSED'));
});

nativeTest('calls, handlers, exceptions and variables of threads work', async () => {
  await using enclave = await load();
  const source = Uint8Array.of(1, 2, 3);
  assert.deepEqual(await call(enclave, 'ecall_copy', { source, bytes: 3n }), { copy: source });
  assert.equal(await call(enclave, 'ecall_ask', { value: 21 }), 42);
  // #UD, which the enclave handles: EXITINFO is valid, and says that it was hardware, and vector 6.
  const exit = await call(enclave, 'ecall_fault', { kind: 0 });
  assert.ok(typeof exit === 'bigint');
  assert.equal(exit & 0xffff_ffffn, 0x8000_0306n);
  const counts = [await call(enclave, 'ecall_count'), await call(enclave, 'ecall_count')];
  assert.deepEqual(counts, [701, 702]);
});

nativeTest('an enclave with two threads serves two calls at once', async () => {
  const asked: (() => void)[] = [];
  const ocall_ask = async ({ value }: { readonly value: number }): Promise<number> => {
    await new Promise<void>((resolve) => {
      asked.push(resolve);
      // Each waits until the other call has come to its handler, too.
      if (asked.length === 2) for (const answer of asked) answer();
    });
    return value + 1;
  };
  await using enclave = await load({ ocalls: { ocall_ask } });
  assert.equal(enclave.threads, 2);
  const answers = [1, 2].map((value) => call(enclave, 'ecall_ask', { value }));
  assert.deepEqual(await Promise.all(answers), [2, 3]);
});

nativeTest('a function that the enclave does not have is OE_NOT_FOUND', async () => {
  const another = openEnclaveEdl.replace('  };\n  untrusted', '    public void ecall_missing();\n  };\n  untrusted');
  await using enclave = await load({ edl: another });
  await assert.rejects(call(enclave, 'ecall_missing'), failsWith('EDL_CALL_FAILED', 'OE_NOT_FOUND'));
  assert.equal(await call(enclave, 'ecall_ask', { value: 1 }), 2);
});

nativeTest('an enclave that makes a system call is gone, and its calls with it', async () => {
  await using enclave = await load();
  await assert.rejects(call(enclave, 'ecall_misbehave', { kind: 1 }), failsWith('ENCLAVE_LOST'));
  await assert.rejects(call(enclave, 'ecall_nothing'), failsWith('ENCLAVE_LOST'));
});

nativeTest('what a debug build seals, a production build of the same file cannot open', async () => {
  const request = encodeKeyRequest({
    keyName: KeyName.SEAL,
    keyPolicy: KeyPolicy.MRENCLAVE,
    isvSvn: 0,
    cpuSvn: new Uint8Array(16),
    attributeMask: { flags: 2n, xfrm: 0n },
    keyId: new Uint8Array(32),
    miscMask: 0,
    configSvn: 0,
  });
  const keys: string[] = [];
  for (const debug of [false, true, false]) {
    await using enclave = await load({ debug });
    assert.equal(enclave.identity.debug, debug);
    const { result, key: derived } = (await call(enclave, 'ecall_key', { request })) as {
      readonly result: number;
      readonly key: Uint8Array;
    };
    assert.equal(result, 0);
    keys.push(toHex(derived));
  }
  const [production, debug, again] = keys;
  assert.equal(production, again);
  assert.notEqual(production, debug);
});

/** A public image of Open Enclave with its interface, which the repository does not hold: see CONTRIBUTING.md. */
const images = process.env['ENCLOS_SGX_IMAGES'] ?? '';
const publicImage = join(images, 'oe-enclave.signed');
const skip = absence();

function absence(): string | false {
  if (process.arch !== 'x64') return 'is for x86-64';
  if (nativeCompilers.length === 0) return 'needs the stub, which gcc-14 or clang-19 builds';
  return images !== '' && existsSync(publicImage) ? false : 'ENCLOS_SGX_IMAGES names no folder with oe-enclave.signed';
}

test(
  'a public image of Open Enclave says hello, adds what it is pointed to, and does not know other functions',
  { skip },
  async () => {
    const said: string[] = [];
    await using enclave = await loadSgxEnclave({
      image: publicImage,
      edl: join(images, 'edl/oe/sgx_test.edl'),
      searchPaths: [join(images, 'edl/oe/include')],
      userCheck: ['enclave_sgx_test.array', 'enclave_sgx_test.array2'],
      ocalls: { ocall_print_string: ({ str }: { readonly str: string }) => void said.push(str) },
      launcher: platform,
      debug: true,
      isolation: 'best',
    });
    assert.equal(toHex(enclave.identity.mrEnclave), '93bf8f8f47186979900916887162e3447588ebfbddb4659acfc5b3b60e033cbe');
    const numbers = (...values: readonly number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);
    const { memory } = enclave;
    const [array, array2] = [memory.allocate(32), memory.allocate(16)];
    await memory.write(array, numbers(3, 30, 0, 0, 0, 0, 0, 0));
    // The same block four times.
    await memory.write(array2, numbers(0, 0, 0, 0));
    await call(enclave, 'enclave_sgx_test', { array, size: 4, array2, size2: 4 });
    assert.equal(said[0], 'Hello from the enclave!\n');
    assert.match(said[1] ?? '', /sum1: 12, sum2: 120/);
  },
);
