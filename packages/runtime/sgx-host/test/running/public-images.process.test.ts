import assert from 'node:assert/strict';
import { constants, createHash, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { toHex } from '@enclos/codec';
import { openReadableFileSync } from '@enclos/durable';
import { bindInterface, type BoundInterface } from '@enclos/edl-calls/host';
import { compileEdl } from '@enclos/edl-compiler';
import { isEnclosError } from '@enclos/errors';
import { encodeTargetInfo, mrSignerOf, parseReport } from '@enclos/sgx';
import { generateSigningKey, sha256 } from '@enclos/sgx/node';
import { loadSgxEnclave, type SgxEnclave, type UntypedEcalls } from '@enclos/sgx-host';
import { type EnclaveImage, launchAttributes, openEnclaveImage } from '@enclos/sgx-image';
import { intelEdl, intelEnclave } from '@enclos/sgx-image-kit';
import { failsWith, nativeCompilers, runFolder } from '@enclos/testkit';
import { openTestPlatform, type TestPlatform } from './platform.ts';

// Signed enclaves that others published; their licences keep them out of this repository.
const images = process.env['ENCLOS_SGX_IMAGES'] ?? '';
const folder = runFolder(`sgx-host-public-${process.pid}`);

/** Where the sample of Intel's SDK is, with its EDL files. */
const sample = {
  image: join(images, 'sample.signed.so'),
  edl: join(images, 'edl/sample/SampleEnclave/Enclave/Enclave.edl'),
  imports: join(images, 'edl/common/inc'),
};
const pceImage = join(images, 'libsgx_pce.signed.so');

/** Why an image is not run here. */
function absence(...files: readonly string[]): string | false {
  if (process.arch !== 'x64') return 'is for x86-64';
  if (nativeCompilers.length === 0) return 'needs the stub, which gcc-14 or clang-19 builds';
  const missing = files.find((file) => !existsSync(file));
  return missing === undefined ? false : 'ENCLOS_SGX_IMAGES names no folder with this image and its EDL files';
}

function readImage(path: string): EnclaveImage {
  const file = openReadableFileSync(path);
  assert.ok('readAt' in file, path);
  try {
    return openEnclaveImage(file.readAt, file.sizeBytes);
  } finally {
    file.close();
  }
}

function sampleInterface(isOpen: boolean): BoundInterface<UntypedEcalls> {
  const open = (text: string): string => (isOpen ? text.replace('int ecall_function_private', 'public $&') : text);
  const { model, diagnostics } = compileEdl({
    file: sample.edl,
    read: (path) => (existsSync(path) ? open(readFileSync(path, 'utf8')) : undefined),
    dialect: 'intel',
    searchPaths: [sample.imports],
  });
  assert.ok(model !== undefined, JSON.stringify(diagnostics));
  const foreign = { buffer_t: { type: 'void*' }, array_t: { bytes: 40, alignment: 4 } };
  return bindInterface({ model, foreign, userCheck: [] });
}

/** What a call gave that has outputs, as the interface says. */
async function called<R extends object>(enclave: SgxEnclave<UntypedEcalls>, name: string, values: object): Promise<R> {
  const result = await enclave.ecalls[name]?.(values);
  assert.ok(typeof result === 'object' && result !== null, name);
  // The test says what its interface says.
  return result as R;
}

const platforms: TestPlatform[] = [];
after(() => Promise.all(platforms.map((platform) => platform.close())));

async function platformFor(name: string, provisionSigners: readonly Uint8Array[] = []): Promise<TestPlatform> {
  const platform = await openTestPlatform(join(folder, name), provisionSigners);
  platforms.push(platform);
  return platform;
}

describe("the sample of Intel's SDK", { skip: absence(sample.image, sample.edl) }, () => {
  const printed: string[] = [];
  /** @param isOpen whether the host takes private ECALLs for public ones */
  const load = async (name: string, isOpen = false): Promise<SgxEnclave<UntypedEcalls>> => {
    const { launcher } = await platformFor(name);
    type During = { ecalls: { ecall_function_private: () => Promise<number> } };
    return loadSgxEnclave({
      image: sample.image,
      edl: sampleInterface(isOpen),
      ocalls: {
        ocall_print_string: ({ str }: { str: string }) => void printed.push(str),
        ocall_pointer_user_check() {},
        ocall_pointer_in() {},
        ocall_pointer_out() {},
        ocall_pointer_in_out() {},
        memccpy: () => null,
        ocall_function_allow: async (_: object, { ecalls }: During) => void (await ecalls.ecall_function_private()),
      },
      launcher,
      isolation: 'best',
    });
  };

  test('throws and catches, has a map and a heap, asks for CPUID, and is called while it calls', async () => {
    const enclave = await load('sample');
    assert.equal(toHex(enclave.identity.mrEnclave), '2236acf22ad821539ef1bd3e284647170c40646b051e0b074a94617c16df1689');
    for (const name of ['ecall_exception', 'ecall_map', 'ecall_malloc_free', 'ecall_function_public']) {
      assert.equal(await enclave.ecalls[name]?.(), undefined, name);
    }
    const found = await enclave.ecalls['ecall_sgx_cpuid']?.({ leaf: 0 });
    // The letters of the processor's vendor: EBX, EDX, ECX.
    assert.ok(JSON.stringify(found).length > 20);
    assert.deepEqual(await enclave.ecalls['ecall_pointer_out']?.(), { val: 1234 });
    await enclave.dispose();
  });

  test('has threads that wait for each other', async () => {
    const enclave = await load('sample-threads');
    const { ecalls } = enclave;
    const counts = await Promise.all([1, 2, 3, 4].map(async () => ecalls['ecall_increase_counter']?.()));
    assert.equal(counts.length, 4);
    const names = ['ecall_producer', ...Array<string>(4).fill('ecall_consumer')];
    await Promise.all(names.map(async (name) => ecalls[name]?.()));
    await enclave.dispose();
  });

  test('refuses a private ECALL with 0x1007, and is gone with 0x1006 after a failed assertion', async () => {
    const enclave = await load('sample-refuses', true);
    await assert.rejects(
      async () => enclave.ecalls['ecall_function_private']?.(),
      (error) => {
        assert.ok(isEnclosError(error, 'EDL_CALL_FAILED'), String(error));
        assert.deepEqual(error.details, { status: 0x1007, name: 'SGX_ERROR_ECALL_NOT_ALLOWED' });
        return true;
      },
    );
    await assert.rejects(
      async () => enclave.ecalls['ecall_type_int']?.({ val: 1 }),
      (error) => {
        assert.ok(isEnclosError(error, 'ENCLAVE_LOST') && /0x1006/.test(error.message), String(error));
        return true;
      },
    );
    await assert.rejects(async () => enclave.ecalls['ecall_map']?.(), failsWith('ENCLAVE_LOST'));
    await enclave.dispose();
  });
});

/** The interface of Intel's provisioning certification enclave, as its SDK publishes it. */
const pceEdl = `enclave {
  from "sgx_tstdc.edl" import *;
  trusted {
    public uint32_t get_pc_info([in] const sgx_report_t* report, [in, size=key_size] const uint8_t* public_key, uint32_t key_size,
      uint8_t crypto_suite, [out, size=ppid_room] uint8_t* encrypted_ppid, uint32_t ppid_room, [out] uint32_t* ppid_size,
      [out] pce_info_t* pce_info, [out] uint8_t* signature_scheme);
    public uint32_t certify_enclave([in] const psvn_t* psvn, [in] const sgx_report_t* report,
      [out, size=room] uint8_t* signature, uint32_t room, [out] uint32_t* signature_size);
  };
};`;

describe(
  "Intel's provisioning certification enclave",
  { skip: absence(pceImage, join(sample.imports, 'sgx_tstdc.edl')) },
  () => {
    test('gives the PPID to an enclave with PROVISIONKEY, and certifies it', async () => {
      const key = generateSigningKey();
      // MODE64BIT and PROVISIONKEY.
      const asking = intelEnclave({ key, fields: { attributes: { flags: 0x14n, xfrm: 3n } } });
      const [askingImage, askingEdl, pceFile] = ['asking.signed.so', 'asking.edl', 'pce.edl'].map((name) =>
        join(folder, name),
      );
      assert.ok(askingImage !== undefined && askingEdl !== undefined && pceFile !== undefined);
      writeFileSync(askingImage, asking.signed);
      writeFileSync(askingEdl, intelEdl);
      writeFileSync(pceFile, pceEdl);
      const image = readImage(pceImage);
      assert.ok(image.signature !== undefined);
      const signers = [image.signature, asking.sigstruct].map((signature) =>
        mrSignerOf(signature.subarray(128, 512), sha256),
      );
      const { launcher } = await platformFor('pce', signers);
      const common = { launcher, isolation: 'best' as const };
      const asker = await loadSgxEnclave({
        ...common,
        image: askingImage,
        edl: askingEdl,
        ocalls: { ocall_ask: () => 0 },
      });
      const pce = await loadSgxEnclave({
        ...common,
        image: pceImage,
        edl: pceFile,
        searchPaths: [sample.imports],
        foreign: { pce_info_t: { bytes: 4, alignment: 2 }, psvn_t: { bytes: 18, alignment: 1 } },
      });
      assert.equal(toHex(pce.identity.mrEnclave), 'b02504aa47b34867ad5b4cd7acb2f78f86808d4e045546734bb999d062780fba');

      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
      const { n = '' } = publicKey.export({ format: 'jwk' });
      const public_key = Buffer.concat([Buffer.from(n, 'base64url'), Buffer.from([0, 1, 0, 1])]);
      const data = new Uint8Array(64);
      data.set(createHash('sha256').update(Uint8Array.of(1)).update(public_key).digest());
      const { attributes, miscSelect } = launchAttributes(image, { debug: false });
      const target = encodeTargetInfo({
        mrEnclave: pce.identity.mrEnclave,
        attributes: { flags: attributes.flags | 1n, xfrm: attributes.xfrm },
        miscSelect,
        configSvn: 0,
        configId: new Uint8Array(64),
      });
      const { report } = await called<{ report: Uint8Array }>(asker, 'ecall_report', { target, data });
      const info = await called<{ result: number; encrypted_ppid: Uint8Array; ppid_size: number }>(pce, 'get_pc_info', {
        report,
        public_key,
        crypto_suite: 1,
        ppid_room: 384,
      });
      assert.deepEqual([info.result, info.ppid_size], [0, 384]);
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      const ppid = privateDecrypt({ key: privateKey, padding, oaepHash: 'sha256' }, info.encrypted_ppid);
      assert.equal(ppid.length, 16);

      const { body } = parseReport(report);
      const psvn = Buffer.concat([body.cpuSvn, Uint8Array.of(0, 0)]);
      const certified = await called<{
        result: number;
        signature_size: number;
      }>(pce, 'certify_enclave', { psvn, report, room: 64 });
      assert.deepEqual([certified.result, certified.signature_size], [0, 64]);

      // A report for another enclave.
      const { report: other } = await called<{
        report: Uint8Array;
      }>(asker, 'ecall_report', { target: new Uint8Array(512), data });
      const refused = await called<{ result: number }>(pce, 'certify_enclave', { psvn, report: other, room: 64 });
      assert.notEqual(refused.result, 0);
      await Promise.all([asker.dispose(), pce.dispose()]);
    });
  },
);
