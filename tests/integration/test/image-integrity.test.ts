import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { signEnclave } from '@enclos/build';
import { concatBytes, utf8 } from '@enclos/codec';
import { layOutImage, pinnedInterpreter } from '@enclos/manifest';
import { createCpu } from '@enclos/software-sgx';
import { flipped, refusedWith, seededNumbers, signingKey } from '@enclos/process-kit';
import { manifestFields } from '@enclos/testkit';

/** Everything here is refused by the CPU, before anything is spawned. */
const cpu = createCpu({
  fuses: new Uint8Array(32).fill(1),
  ownerEpoch: new Uint8Array(16),
  cpuSvn: new Uint8Array(16),
  randomBytes: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)),
});

/** A whole image of four pages: header, manifest, bundle, embedded files. */
function tinyImage(script: string): Uint8Array {
  const manifest = manifestFields(pinnedInterpreter, { name: 'tiny' });
  return layOutImage({ manifest, bundle: utf8(script), files: [{ path: '/a', content: utf8('content') }] });
}

const image = tinyImage('(() => undefined)');
const date = new Date('2026-06-01');
const signature = signEnclave({ image, key: signingKey('first'), date });
const load = (changed: Uint8Array, sigstruct: Uint8Array = signature) => cpu.load(changed, sigstruct, { debug: false });

const imageCodes = ['SGXS_INVALID', 'LAUNCH_IMAGE_REFUSED', 'LAUNCH_MEASUREMENT_MISMATCH'] as const;
const signatureCodes = ['SIGSTRUCT_INVALID', 'SIGSTRUCT_SIGNATURE', 'SGX_RESERVED_NOT_ZERO'] as const;

test('the image and the signature load as they are', () => {
  assert.ok(load(image));
});

describe('a SIGSTRUCT', () => {
  for (const mask of [0x01, 0x80]) {
    test(`each flipped byte is refused (mask ${mask})`, () => {
      for (let position = 0; position < signature.length; position++) {
        const changed = flipped(signature, position, mask);
        assert.throws(() => load(image, changed), refusedWith(...signatureCodes), `byte ${position}`);
      }
    });
  }

  test('each truncation, and each extension, is refused', () => {
    for (let sizeBytes = 0; sizeBytes < signature.length; sizeBytes++) {
      const cut = signature.subarray(0, sizeBytes);
      assert.throws(() => load(image, cut), refusedWith('SIGSTRUCT_INVALID'), `${sizeBytes} bytes`);
    }
    assert.throws(() => load(image, concatBytes(signature, Uint8Array.of(0))), refusedWith('SIGSTRUCT_INVALID'));
  });

  test('that was made for another image is refused, by whichever signer', () => {
    for (const signer of ['first', 'second'] as const) {
      const foreign = signEnclave({ image: tinyImage('(() => 0)'), key: signingKey(signer), date });
      assert.throws(() => load(image, foreign), refusedWith('LAUNCH_MEASUREMENT_MISMATCH'));
    }
  });
});

describe('a small image', () => {
  test('each flipped byte is refused', () => {
    for (let position = 0; position < image.length; position++) {
      assert.throws(() => load(flipped(image, position)), refusedWith(...imageCodes), `byte ${position}`);
    }
  });

  test('each truncation is refused', () => {
    for (let sizeBytes = 0; sizeBytes < image.length; sizeBytes++) {
      assert.throws(() => load(image.subarray(0, sizeBytes)), refusedWith(...imageCodes), `${sizeBytes} bytes`);
    }
  });

  test('records that are repeated, left out, or exchanged are refused', () => {
    // After the 64 bytes of ECREATE, a page is 64 for EADD and 16 times 64 + 256 for its chunks.
    const pageBytes = 64 + 16 * 320;
    const page = (index: number) => image.subarray(64 + index * pageBytes, 64 + (index + 1) * pageBytes);
    const [head, pages] = [image.subarray(0, 64), [0, 1, 2, 3].map(page)];
    assert.equal(image.length, 64 + 4 * pageBytes);
    const orders = [[], [0], [0, 1, 2], [1, 2, 3], [0, 2, 1, 3], [0, 1, 2, 3, 3], [0, 0, 1, 2, 3]];
    for (const order of orders) {
      const changed = concatBytes(head, ...order.map((index) => pages[index] ?? new Uint8Array()));
      assert.throws(() => load(changed), refusedWith(...imageCodes), order.join());
    }
    assert.throws(() => load(concatBytes(head, image)), refusedWith(...imageCodes));
  });

  test('several changes at once are refused', (t) => {
    const seed = Date.now() % 1e9;
    t.diagnostic(`seed ${seed}`);
    const next = seededNumbers(seed);
    for (let round = 0; round < 500; round++) {
      const changed = image.slice();
      // An odd number of flips of one bit each never comes back to the original.
      for (let flip = 0; flip < 3 + 2 * next(8); flip++) {
        const position = next(image.length);
        changed[position] = (changed[position] ?? 0) ^ (1 << next(8));
      }
      assert.throws(() => load(changed), refusedWith(...imageCodes), `seed ${seed}, round ${round}`);
    }
  });
});
