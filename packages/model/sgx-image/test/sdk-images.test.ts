import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { measureSgxs } from '@enclos/sgx';
import { generateSigningKey } from '@enclos/sgx/node';
import { codeEnclave, intelEnclave, openEnclave } from '@enclos/sgx-image-kit';
import { nativeTest } from '@enclos/testkit';

import { openEnclaveImage, openSdkImage, sgxsPieces } from '../src/index.ts';
import { measureEnclaveImage, meterEnclaveImage } from '../src/node.ts';
import { flipped, joined, readerOf } from './images.ts';

const key = generateSigningKey();

function open(bytes: Uint8Array) {
  return openSdkImage(readerOf(bytes), bytes.length);
}

// The kit lays the same enclave out by itself: the readers must come to its stream, byte by byte.
for (const [name, sdk, make] of [
  ['Intel’s metadata', 'intel', intelEnclave],
  ['Open Enclave’s properties', 'open-enclave', openEnclave],
] as const) {
  nativeTest(`A file with ${name} gives its stream, its MRENCLAVE and its layout`, () => {
    const made = make({ key, threads: 3, stackPages: 5, heapPages: 300 });
    const image = open(made.signed);
    assert.deepEqual(joined(sgxsPieces(image)), made.sgxs);
    assert.deepEqual(measureEnclaveImage(image), made.mrEnclave);
    assert.deepEqual(measureEnclaveImage(image), made.mrEnclave, 'pages() can be called again');
    assert.equal(meterEnclaveImage(image).streamBytes, made.sgxs.length);
    assert.equal(image.streamBytes, made.sgxs.length, 'known before it is measured');
    const stream = openEnclaveImage(readerOf(made.sgxs), made.sgxs.length);
    assert.equal(stream.streamBytes, made.sgxs.length);
    const { sdk: found, threads, heapBytes, stackBytes, sizeBytes, ssaFrameSize, signature } = image;
    assert.deepEqual(
      { found, threads, heapBytes, stackBytes, sizeBytes, ssaFrameSize },
      {
        found: sdk,
        threads: 3,
        heapBytes: 300 * 4096,
        stackBytes: 5 * 4096,
        sizeBytes: BigInt(made.enclaveBytes),
        ssaFrameSize: 1,
      },
    );
    assert.deepEqual(signature, made.sigstruct);
    assert.deepEqual(
      image.metadata.map(({ signatureOffset }) => signatureOffset),
      [made.sigstructAt],
    );
    const tcs = [...image.pages()].filter(({ flags }) => flags === 0x100n).map(({ offset }) => offset);
    assert.deepEqual(tcs, made.tcs);
  });

  nativeTest(`A file with ${name} of one thread has no group, and the same stream when it is not signed`, () => {
    const made = make({ key, threads: 1 });
    assert.deepEqual(joined(sgxsPieces(open(made.signed))), made.sgxs);
    const unsigned = open(made.elf);
    assert.equal(unsigned.signature, undefined);
    assert.deepEqual(measureEnclaveImage(unsigned), made.mrEnclave);
  });

  nativeTest(`Each byte of a file with ${name} that is loaded counts`, () => {
    const made = make({ key });
    for (const at of placesThatCount) {
      const bytes = flipped(made.signed, at);
      let measured: Uint8Array | undefined;
      try {
        measured = measureEnclaveImage(openEnclaveImage(readerOf(bytes), bytes.length));
      } catch {
        continue;
      }
      assert.notDeepEqual(measured, made.mrEnclave, `byte ${at}`);
    }
  });
}

/** Bytes of the headers and of the code, which every linker puts there. */
const placesThatCount: readonly number[] = Array.from({ length: 200 }, (_, index) =>
  index < 60 ? index * 8 : 0x1000 + (index - 60) * 9,
);

nativeTest('Files of older versions of Open Enclave are laid out as these did it', () => {
  const seen = new Set<string>();
  for (const [propertiesBytes, knowsModules] of [
    [1920, false],
    [1952, false],
    [1952, true],
    [1960, true],
  ] as const) {
    const made = openEnclave({ key, propertiesBytes, knowsModules });
    const image = open(made.signed);
    assert.deepEqual(joined(sgxsPieces(image)), made.sgxs, `${propertiesBytes}, ${knowsModules}`);
    const { productId, securityVersion, flags } = image.product ?? {};
    assert.deepEqual([productId, securityVersion, flags], [1, 1, 6n]);
    assert.equal(image.metadata[0]?.signatureOffset, made.sigstructAt);
    const [first] = image.pages();
    // e_shnum: cleared before 0.16.
    assert.equal(first?.content?.[60] === 0, !knowsModules);
    seen.add(Buffer.from(made.mrEnclave).toString('hex'));
  }
  assert.equal(seen.size, 4);
});

nativeTest('An SGXS stream is an image, too, and gives itself', () => {
  const made = codeEnclave({ key, threads: 2, dataPages: 3, code: 'ud2' });
  const image = openEnclaveImage(readerOf(made.sgxs), made.sgxs.length);
  assert.deepEqual([image.sdk, image.threads, image.signature], ['sgxs', 2, undefined]);
  assert.deepEqual(joined(sgxsPieces(image)), made.sgxs);
  assert.deepEqual(measureEnclaveImage(image), made.mrEnclave);
  assert.deepEqual(
    measureSgxs(joined(sgxsPieces(image)), () => createHash('sha256')),
    made.mrEnclave,
  );
});
