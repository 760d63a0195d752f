import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { concatBytes, fromHex, toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { PAGE_SIZE, PageFlags, parseSigstruct, writeSgxs } from '@enclos/sgx';
import { generateSigningKey, measureImage } from '@enclos/sgx/node';
import { intelEnclave, openEnclave } from '@enclos/sgx-image-kit';
import { nativeTest, vectors } from '@enclos/testkit';
import fc from 'fast-check';
import { measure, measureStream } from '../../../src/index.ts';
import { enclos, errorOf, temporaryFolder } from '../../cli.ts';

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
  await measure(file, { onProgress: (fraction) => void fractions.push(fraction) });
  assert.equal(fractions.at(-1), 1);
});

nativeTest('an enclave file that takes more than the bound is refused, and measured with another', async () => {
  const { signed, mrEnclave: expected } = openEnclave({ key: generateSigningKey(), stackPages: 300 });
  writeFileSync(join(folder, 'large.signed'), signed);
  const refused = await enclos(['measure', 'large.signed', '--limit', '1M', '--json'], { cwd: folder });
  assert.equal(errorOf(refused).code, 'ENCLAVE_FILE_TOO_LARGE');
  assert.match(errorOf(refused).message, /hashed, and the bound is 0\.001 GiB/);
  const inspected = await enclos(['inspect', 'large.signed', '--limit', '1M'], { cwd: folder });
  assert.equal(inspected.code, 0);
  assert.match(inspected.stdout, /measured +no +[^\n]*the bound is/);
  const measured = await enclos(['measure', 'large.signed', '--limit', '1G'], { cwd: folder });
  assert.equal(measured.stdout, `${toHex(expected)}\n`);
  assert.equal((await enclos(['measure', 'large.signed', '--limit', '1T'], { cwd: folder })).code, 2);
});

test('what is no stream, is cut off or is empty is refused', async () => {
  const cases = [new Uint8Array(), image.subarray(0, -1), concatBytes(image, Uint8Array.of(0)), new Uint8Array(1000)];
  for (const bytes of cases) {
    await assert.rejects(measureStream(cut(bytes, [])), (error) => isEnclosError(error, 'SGXS_INVALID'));
  }
});

test('a file that is not a stream is named; a damaged stream says what is wrong with it', async () => {
  for (const [bytes, message] of [
    [fromHex('7f454c4602010100'), 'This is an ELF file (an executable or a library), and not an SGXS stream.'],
    [utf8('{"version": 1}'), 'This is JSON text, and not an SGXS stream.'],
    [
      fromHex('06000000e10000000000010000000000'),
      'This is a SIGSTRUCT, the signature of an enclave, and not an SGXS stream.',
    ],
    [new Uint8Array(), 'This is an empty file, and not an SGXS stream.'],
    [image.subarray(0, -1), 'SGXS: the stream ends inside a record.'],
  ] as const) {
    writeFileSync(join(folder, 'given'), bytes);
    const ran = await enclos(['measure', 'given', '--json'], { cwd: folder });
    assert.deepEqual([ran.code, errorOf(ran).message], [2, message]);
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

/** An ELF file with one segment that may be executed, and properties of Open Enclave (System V ABI, chapter 4). */
function enclaveFile(code: Uint8Array): Uint8Array {
  const [codeAt, infoAt, namesAt, tableAt] = [120, 1000, 3000, 3100];
  const names = utf8('\0.oeinfo\0.shstrtab\0');
  const bytes = new Uint8Array(tableAt + 3 * 64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.set(code, codeAt);
  bytes.set(names, namesAt);
  for (const [at, value] of [
    [32, 64],
    [40, tableAt],
    [64 + 8, codeAt],
    [64 + 32, code.length],
    [tableAt + 64 + 24, infoAt],
    [tableAt + 64 + 32, 1960],
    [tableAt + 128 + 24, namesAt],
    [tableAt + 128 + 32, names.length],
  ] as const) {
    view.setBigUint64(at, BigInt(value), true);
  }
  for (const [at, value] of [
    [54, 56],
    [56, 1],
    [58, 64],
    [60, 3],
    [62, 2],
  ] as const) {
    view.setUint16(at, value, true);
  }
  for (const [at, value] of [
    [64, 1],
    [64 + 4, 5],
    [infoAt, 1960],
    [infoAt + 4, 2],
    [tableAt + 64, 1],
    [tableAt + 64 + 4, 1],
    [tableAt + 128, 9],
    [tableAt + 128 + 4, 3],
  ] as const) {
    view.setUint32(at, value, true);
  }
  return bytes;
}

test('an ELF file may come in any number of pieces', async () => {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    yield Uint8Array.of(0x7f, 0x45, 0x4c, 0x46);
    for (let index = 0; index < 200_000; index++) yield new Uint8Array(1);
  };
  await assert.rejects(measureStream(pieces()), { code: 'SGXS_INVALID' });
});

test('an enclave file of another SDK that cannot be measured is refused, as a file and from a pipe in pieces of any size', async () => {
  for (const [bytes, exit, code] of [
    [enclaveFile(Uint8Array.of(0x0f, 0x01, 0xd7)), 3, 'ENCLAVE_FILE_INVALID'],
    [enclaveFile(Uint8Array.of(0x0f, 0x01, 0xd6)), 3, 'ENCLAVE_FILE_SIMULATED'],
    [enclaveFile(Uint8Array.of(0x0f, 0x01, 0xd7)).fill(9, 1000, 1004), 3, 'ENCLAVE_FILE_INVALID'],
    [enclaveFile(Uint8Array.of(0x0f, 0x01, 0xd7)).fill(0, 3000, 3019), 2, 'SGXS_INVALID'],
  ] as const) {
    writeFileSync(join(folder, 'enclave.signed.so'), bytes);
    const ran = await enclos(['measure', 'enclave.signed.so', '--json'], { cwd: folder });
    assert.deepEqual([ran.code, errorOf(ran).code], [exit, code]);
    for (const size of [1, 3, 1000]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      const piped = await enclos(['measure', '-', '--json'], { stdin: pieces });
      assert.deepEqual([piped.code, errorOf(piped).code], [exit, code], `pieces of ${size}`);
    }
  }
  // The advice of `enclos measure` does not lead back to itself alone.
  writeFileSync(join(folder, 'text.txt'), 'not an image');
  const text = await enclos(['measure', 'text.txt'], { cwd: folder });
  assert.match(text.stderr, /next: Build the image again\. .*`enclos inspect`/);
  writeFileSync(join(folder, 'enclave.signed.so'), enclaveFile(Uint8Array.of(1)));
  const shown = await enclos(['inspect', 'enclave.signed.so'], { cwd: folder });
  assert.match(shown.stdout, /^Enclave file of Open Enclave, a SIMULATION build\n├─ build +SIMULATION/);
});

nativeTest('an enclave file of another SDK is measured, as a file and from a pipe', async () => {
  const key = generateSigningKey();
  for (const [sdk, made] of [
    ['intel', intelEnclave({ key })],
    ['open-enclave', openEnclave({ key })],
  ] as const) {
    const expected = toHex(made.mrEnclave);
    const verdicts = [
      [made.signed, 'agrees', 'Its SIGSTRUCT names the same enclave.\n'],
      [made.elf, 'none', 'It is not signed.\n'],
      [made.signed.with(made.sigstructAt + 960, 7), 'differs', /ANOTHER enclave/],
    ] as const;
    for (const [bytes, signature, text] of verdicts) {
      writeFileSync(join(folder, 'enclave.signed.so'), bytes);
      const ran = await enclos(['measure', 'enclave.signed.so'], { cwd: folder });
      assert.deepEqual([ran.code, ran.stdout], [0, `${expected}\n`]);
      assert.ok(typeof text === 'string' ? ran.stderr === text : text.test(ran.stderr), ran.stderr);
      const json = await enclos(['measure', '-', '--json'], { stdin: [bytes.subarray(0, 2), bytes.subarray(2)] });
      const { sgxs, enclaveBytes } = made;
      const counted = { streamBytes: sgxs.length, enclaveBytes, pages: countPages(sgxs) };
      assert.deepEqual(json.json(), { mrEnclave: expected, ...counted, sdk, signature });
    }
  }
});

function countPages(sgxs: Uint8Array): number {
  const stream = Buffer.from(sgxs);
  let [count, at] = [0, 64];
  while (at < stream.length) {
    const isPage = stream.toString('latin1', at, at + 4) === 'EADD';
    if (isPage) count++;
    at += isPage ? 64 : 320;
  }
  return count;
}
