import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { concatBytes, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { PAGE_SIZE, PageFlags, parseSigstruct, writeSgxs } from '@enclos/sgx';
import { measureImage } from '@enclos/sgx/node';
import { vectors } from '@enclos/testkit';
import fc from 'fast-check';
import { measure, measureStream } from '../src/index.ts';
import { enclos, errorOf, temporaryFolder } from './cli.ts';

const folder = temporaryFolder();
const pages = [0, 1].map((index) => ({
  offset: BigInt(index * PAGE_SIZE),
  flags: PageFlags.REG | PageFlags.R,
  content: new Uint8Array(PAGE_SIZE).fill(index + 1),
}));
const image = writeSgxs({ ssaFrameSize: 1, sizeBytes: BigInt(4 * PAGE_SIZE), pages });
const file = join(folder, 'image.sgxs');
writeFileSync(file, image);
const mrEnclave = createHash('sha256').update(image).digest('hex');

async function* cut(bytes: Uint8Array, at: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const end of [...at.toSorted((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

/** The last chunk of the last page as a record that is loaded and not measured. */
function withUnmeasuredEnd(): Uint8Array {
  const copy = image.slice();
  copy.set(new TextEncoder().encode('UNMEASRD'), image.length - 320);
  return copy;
}

test('prints MRENCLAVE, the SHA-256 of an image of ours', async () => {
  const ran = await enclos(['measure', 'image.sgxs'], { cwd: folder });
  assert.deepEqual([ran.code, ran.stdout, ran.stderr], [0, `${mrEnclave}\n`, '']);
});

test('--json adds the sizes', async () => {
  const ran = await enclos(['measure', file, '--json']);
  assert.deepEqual(ran.json(), { mrEnclave, streamBytes: image.length, enclaveBytes: 4 * PAGE_SIZE, pages: 2 });
});

test('- reads standard input', async () => {
  const ran = await enclos(['measure', '-'], { stdin: [image.subarray(0, 100), image.subarray(100)] });
  assert.equal(ran.stdout, `${mrEnclave}\n`);
});

test('the same wherever the stream is cut, also with unmeasured records', async () => {
  for (const bytes of [image, withUnmeasuredEnd()]) {
    const expected = toHex(measureImage(bytes, { profile: 'any' }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (at) => {
        assert.equal((await measureStream(cut(bytes, at))).mrEnclave, expected);
      }),
      { numRuns: 40 },
    );
  }
  assert.notEqual(toHex(measureImage(withUnmeasuredEnd(), { profile: 'any' })), mrEnclave);
});

test('tells how far it is', async () => {
  const fractions: number[] = [];
  await measure(file, (fraction) => fractions.push(fraction));
  assert.equal(fractions.at(-1), 1);
});

test('what is no stream, is cut off or is empty is refused', async () => {
  const cases = [new Uint8Array(), image.subarray(0, -1), concatBytes(image, Uint8Array.of(0)), new Uint8Array(1000)];
  for (const bytes of cases) {
    await assert.rejects(measureStream(cut(bytes, [])), (error) => isEnclosError(error, 'SGXS_INVALID'));
  }
});

test('a file that is not there, or is a folder, is a usage error', async () => {
  const absent = await enclos(['measure', 'nope', '--json'], { cwd: folder });
  assert.equal(absent.code, 2);
  assert.equal(errorOf(absent).code, 'CLI_FILE_UNREADABLE');
  assert.equal(errorOf(absent).message, `Cannot read ${join(folder, 'nope')}: there is no such file.`);
  assert.match((await enclos(['measure', folder])).stderr, /it is a folder/);
});

vectors.test("another tool's enclave measures to the hash in its signature", async () => {
  const other = join(folder, 'test_enclave.sgxs');
  writeFileSync(other, vectors.read('sgx/test_enclave.sgxs'));
  const { enclaveHash } = parseSigstruct(vectors.read('sgx/test_enclave.sig').subarray(0, 1808));
  assert.equal((await enclos(['measure', other])).stdout, `${toHex(enclaveHash)}\n`);
});
