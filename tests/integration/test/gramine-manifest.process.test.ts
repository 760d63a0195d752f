import assert from 'node:assert/strict';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { appraise, boundReportData, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { generateKey } from '@enclos/build';
import { writeGramineManifest, type GramineManifestOutcome, type PlatformValues } from '@enclos/cli';
import { toHex } from '@enclos/codec';
import { parseSigstruct } from '@enclos/sgx';
import { signSigstruct } from '@enclos/sgx/node';
import type { Launcher } from '@enclos/tee';
import { elfFile } from '@enclos/testkit';
import { createWorkshop, loadProbe, outcome, refusedWith, type Probe, type SignedImage } from '@enclos/process-kit';
import { graminePlatform } from './gramine/fake-machine.ts';
import { launcherWith } from './gramine/launcher.ts';

/**
 * From a signed image by `enclos gramine manifest` to an enclave that is called and attested, without Gramine: what stands
 * for it is as in gramine.process.test.ts, and its libraries are files without content. Interpreter, program, launcher,
 * gate and bundle are real. Not yet run on hardware.
 */
const workshop = createWorkshop();
const folder = workshop.subfolder('gramine-manifest');
const gramineFolder = join(folder, 'gramine');
const libraryFolder = join(folder, 'libraries');
const outFolder = join(folder, 'out');
const mrEnclave = '6a'.repeat(32);

let image: SignedImage;
let options: Parameters<typeof writeGramineManifest>[0];
let launcher: Launcher | undefined;
let probe: Probe | undefined;

function write(path: string, content: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

before(async () => {
  image = await workshop.signed('probe');
  write(join(folder, 'image/probe.sgxs'), image.image);
  write(join(folder, 'image/probe.sig'), image.signature);
  const ofGramine = ['ld-linux-x86-64.so.2', 'libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0'];
  for (const name of ofGramine) write(join(gramineFolder, 'runtime/glibc', name), elfFile({ note: name }));
  write(join(gramineFolder, 'libsysdb.so'), elfFile({ note: 'libos' }));
  for (const name of ['libstdc++.so.6', 'libgcc_s.so.1']) write(join(libraryFolder, name), elfFile({ note: name }));
  options = { target: join(folder, 'image/probe.sgxs'), gramineFolder, libraryFolder, outFolder };
});
after(async () => {
  await probe?.dispose();
  await launcher?.close();
  await workshop.close();
});

/** What `gramine-sgx-sign` does, but for the measurement, which it alone can make. */
function sign({ name, manifest }: GramineManifestOutcome): void {
  const fields = parseSigstruct(image.signature);
  const enclaveHash = new Uint8Array(32).fill(0x6a);
  const signature = signSigstruct({ ...fields, enclaveHash }, createPrivateKey(generateKey()));
  writeFileSync(join(outFolder, `${name}.sig`), signature);
  copyFileSync(manifest, join(outFolder, `${name}.manifest.sgx`));
}

describe(
  'an image that `enclos gramine manifest` prepared',
  { skip: process.arch !== 'x64' && 'Gramine is for x64' },
  () => {
    let software: PlatformValues;

    test('has the identity of its two signatures in one file', async () => {
      const first = await writeGramineManifest(options);
      assert.equal(first.values.platforms.gramine, null);
      sign(first);
      const { values, referenceValues } = await writeGramineManifest(options);
      assert.deepEqual(JSON.parse(readFileSync(referenceValues, 'utf8')), values);
      software = values.platforms.software;
      assert.equal(software.mrEnclave, toHex(parseSigstruct(image.signature).enclaveHash));
      assert.equal(values.platforms.gramine?.mrEnclave, mrEnclave);
      assert.notEqual(values.platforms.gramine?.mrSigner, software.mrSigner);
    });

    test('starts with nothing but what the manifest names', async () => {
      const signed: SignedImage = {
        image: readFileSync(join(outFolder, 'probe.sgxs')),
        signature: readFileSync(join(outFolder, 'probe.sig')),
      };
      launcher = launcherWith(readFileSync(join(outFolder, 'probe.manifest.sgx')), { folder, signed });
      probe = await loadProbe(launcher, signed);
      assert.equal(await probe.call.nest({ remaining: 2 }), 2);
      assert.equal(toHex(probe.identity.mrEnclave), mrEnclave);
    });

    test('is accepted by the reference value of Gramine, and not by the one of the software platform', async () => {
      const purpose = 'gramine manifest test v1';
      const nonce = new Uint8Array(randomBytes(32));
      assert.ok(probe !== undefined);
      const quote = await probe.call.quote({ purpose, nonce, key: undefined });
      const { collateral, root, at } = graminePlatform();
      const trusted = await softwareRoot(root.certificate);
      const verdict = await verifyQuote(quote, parseCollateral(collateral), { roots: [trusted], now: at });
      assert.ok(verdict.tee === 'sgx');
      const binding = { reportData: await boundReportData({ purpose, nonce }) };
      const accept = (value: string) =>
        appraise(
          verdict,
          {
            mrEnclave: [value],
            minimumSecurityVersion: 1,
            acceptedStatuses: ['OK'],
            intelRoot: false,
            softwareRoots: [trusted.fingerprint],
          },
          binding,
          { now: at },
        );
      assert.ok(accept(mrEnclave));
      assert.throws(() => accept(software.mrEnclave), refusedWith('APPRAISAL_REFUSED'));
    });

    test('does not start when a library on the machine is another one', async () => {
      assert.ok(launcher !== undefined);
      write(join(gramineFolder, 'runtime/glibc/libm.so.6'), elfFile({ note: 'another libm' }));
      const signed = { image: image.image, signature: readFileSync(join(outFolder, 'probe.sig')) };
      assert.equal(await outcome(loadProbe(launcher, signed)), 'ENCLAVE_START_FAILED');
    });
  },
);
