import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import {
  createWorkshop,
  descendants,
  flipped,
  loadProbe,
  outcome,
  seededNumbers,
  withProbe,
  type SignedImage,
} from '../src/index.ts';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let signed: SignedImage;
before(async () => {
  platform = await workshop.startPlatform('here');
  signed = await workshop.signed('probe');
});
after(() => workshop.close());

/** What the platform says to an image; the host's own reader is not asked. */
async function launched({ image, signature }: SignedImage, debug = false): Promise<string> {
  return outcome(
    platform.launch({ image, signature, debug, isolation: 'best' }).then((enclave) => enclave.terminate()),
  );
}

const refusals = new Set(['SGXS_INVALID', 'LAUNCH_IMAGE_REFUSED', 'LAUNCH_MEASUREMENT_MISMATCH']);

test('1,000 flipped bits of the probe are refused, and start nothing', async (t) => {
  const seed = Date.now() % 1e9;
  t.diagnostic(`seed ${seed}`);
  const next = seededNumbers(seed);
  for (let round = 0; round < 1000; round++) {
    const position = next(signed.image.length);
    const mask = 1 << next(8);
    const code = await launched({ ...signed, image: flipped(signed.image, position, mask) });
    assert.ok(refusals.has(code), `seed ${seed}: byte ${position}, mask ${mask}: ${code}`);
  }
  assert.deepEqual(descendants(platform.processId), []);
  await withProbe(platform, signed, (call) => call.identity());
});

test('100 truncations of the probe, and bytes after its end, are refused', async (t) => {
  const seed = Date.now() % 1e9;
  t.diagnostic(`seed ${seed}`);
  const next = seededNumbers(seed);
  for (let round = 0; round < 100; round++) {
    const sizeBytes = 1 + next(signed.image.length - 1);
    const code = await launched({ ...signed, image: signed.image.subarray(0, sizeBytes) });
    assert.ok(refusals.has(code), `seed ${seed}: ${sizeBytes} bytes: ${code}`);
  }
  const longer = concatBytes(signed.image, Uint8Array.of(0));
  assert.equal(await launched({ ...signed, image: longer }), 'SGXS_INVALID');
  assert.equal(await launched({ ...signed, image: new Uint8Array() }), 'PLATFORM_UPLOAD_REFUSED');
});

test('changed bits of the signature are refused over the platform connection too', async () => {
  const codes = new Set(['SIGSTRUCT_INVALID', 'SIGSTRUCT_SIGNATURE', 'SGX_RESERVED_NOT_ZERO']);
  for (let position = 0; position < signed.signature.length; position += 16) {
    const code = await launched({ ...signed, signature: flipped(signed.signature, position) });
    assert.ok(codes.has(code), `byte ${position}: ${code}`);
  }
  for (const signature of [signed.signature.subarray(1), new Uint8Array()]) {
    assert.equal(await launched({ ...signed, signature }), 'EDL_VALUE_REFUSED');
  }
});

test('a signature for another image is refused', async () => {
  const other = await workshop.signed('probe', { threads: 5 });
  assert.equal(await launched({ image: signed.image, signature: other.signature }), 'LAUNCH_MEASUREMENT_MISMATCH');
});

test('a production signature starts no debug enclave, and a debug signature no production one', async () => {
  const debug = await workshop.signed('probe', { debug: true });
  assert.equal(await launched(signed, true), 'LAUNCH_DEBUG_REFUSED');
  assert.equal(await launched(debug, false), 'LAUNCH_DEBUG_REFUSED');
  assert.equal(await launched(debug, true), 'accepted');
});

test('an image for another interpreter is refused', async () => {
  // Measured and signed without fault, and yet not for this machine: the digests are part of the manifest.
  const other = await workshop.signedWithoutThisInterpreter();
  assert.equal(await launched(other), 'INTERPRETER_MISMATCH');
});

test('refused images cost the platform nothing that a good one needs', async () => {
  const attempts = Array.from({ length: 16 }, (_, index) =>
    outcome(loadProbe(platform, { ...signed, signature: flipped(signed.signature, 200 + index) })),
  );
  const codes = new Set(await Promise.all(attempts));
  assert.deepEqual([...codes].filter((code) => !['SIGSTRUCT_SIGNATURE', 'PLATFORM_UPLOAD_REFUSED'].includes(code)), []);
  assert.equal(await launched(signed), 'accepted');
  assert.deepEqual(descendants(platform.processId), []);
});
