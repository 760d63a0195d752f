import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { signEnclave } from '@enclos/build';
import { concatBytes } from '@enclos/codec';
import { isProgramManifest, layOutImage, readImage } from '@enclos/manifest';
import { PAGE_SIZE, parseSigstruct, readSgxs, writeSgxs } from '@enclos/sgx';
import { measureImage, signSigstruct } from '@enclos/sgx/node';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import {
  createWorkshop,
  descendants,
  flipped,
  loadProbe,
  outcome,
  seededNumbers,
  signingKey,
  withProbe,
  type SignedImage,
} from '@enclos/process-kit';

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

test('an image for another interpreter, measured and signed without fault, is refused', async () => {
  const { manifest, ...rest } = readImage(signed.image);
  assert.ok(!isProgramManifest(manifest));
  const [digest] = manifest.interpreter.digests;
  assert.ok(digest);
  const interpreter = { version: '99.0.0', digests: [{ ...digest, sha256: new Uint8Array(32) }] };
  const image = layOutImage({ ...rest, manifest: { ...manifest, interpreter } });
  const signature = signEnclave({ image, key: signingKey('first'), date: new Date('2026-06-01') });
  assert.equal(await launched({ image, signature }), 'INTERPRETER_MISMATCH');
});

test('an image that EINIT accepts and that holds no application is refused', async () => {
  const pages = readSgxs(signed.image, { profile: 'strict' }).pages.slice(1);
  const image = writeSgxs({
    ssaFrameSize: 1,
    sizeBytes: 2n ** 26n,
    pages: pages.map(({ flags, content }, index) => ({ offset: BigInt(index * PAGE_SIZE), flags, content })),
  });
  // The build signs only images; a signer with a tool of its own signs anything.
  const fields = parseSigstruct(signed.signature);
  const signature = signSigstruct({ ...fields, enclaveHash: measureImage(image) }, signingKey('first'));
  assert.equal(await launched({ image, signature }), 'IMAGE_INVALID');
});

test('sixteen launches at once wait for each other, and a refused or cancelled one takes no place', async () => {
  const bad = { ...signed, signature: flipped(signed.signature, 200) };
  const rounds = Array.from({ length: 8 }, () => [launched(bad), launched(signed)]).flat();
  assert.deepEqual(new Set(await Promise.all(rounds)), new Set(['SIGSTRUCT_SIGNATURE', 'accepted']));
  for (let round = 0; round < 8; round++) {
    const controller = new AbortController();
    const attempt = outcome(loadProbe(platform, signed, { signal: controller.signal }));
    // A little later each time: between two messages, inside one, and when the enclave is being prepared.
    for (let turn = 0; turn < round * round; turn++) await nextTurn();
    controller.abort();
    assert.equal(await attempt, 'GATE_CANCELLED');
  }
  assert.equal(await launched(signed), 'accepted');
  assert.deepEqual(descendants(platform.processId), []);
});
