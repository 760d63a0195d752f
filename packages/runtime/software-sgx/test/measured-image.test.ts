import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PAGE_SIZE, PageFlags, readStrictImage, writeSgxs } from '@enclos/sgx';
import { signSigstruct } from '@enclos/sgx/node';
import { createImageIntake } from '../src/cpu/measured-image.ts';
import { applicationKey, fields, flipped, smallImage, testCpu } from './support.ts';

const cpu = testCpu();
const image = smallImage();
const sigstruct = signSigstruct(fields(image), applicationKey);

function inPieces(bytes: Uint8Array, pieceBytes: number) {
  const intake = createImageIntake(bytes.length);
  for (let at = 0; at < bytes.length; at += pieceBytes) intake.push(bytes.subarray(at, at + pieceBytes));
  return intake.finish();
}

test('an image that was measured as it came in is the enclave that it is in one piece', () => {
  const whole = cpu.load(image, sigstruct, { debug: false });
  for (const pieceBytes of [1, 100, 5184, image.length]) {
    const loaded = cpu.load(inPieces(image, pieceBytes), sigstruct, { debug: false });
    assert.deepEqual(loaded.identity, whole.identity);
  }
});

test('one bit of difference is another measurement', () => {
  const last = flipped(image, image.length - 1);
  const code = { code: 'LAUNCH_MEASUREMENT_MISMATCH' };
  assert.throws(() => cpu.load(inPieces(last, 1000), sigstruct, { debug: false }), code);
});

test('nothing is read of an image whose memory another may have, and its measurement stays', () => {
  const measured = inPieces(image, 1000);
  measured.release();
  measured.release();
  assert.throws(() => measured.pages.read(0, 1), { code: 'LAUNCH_IMAGE_REFUSED' });
  // Another image is written over it, and is itself.
  const other = smallImage('another');
  const next = inPieces(other, 1000);
  assert.deepEqual(next.pages.read(0, PAGE_SIZE), readStrictImage(other).read(0, PAGE_SIZE));
  const { identity } = cpu.load(measured, sigstruct, { debug: false });
  assert.deepEqual(identity, cpu.load(image, sigstruct, { debug: false }).identity);
});

test('what only looks like a measured image is refused', () => {
  const real = inPieces(image, 1000);
  const copies = [{ ...real }, { ...real, mrEnclave: new Uint8Array(32) }];
  for (const copy of copies) {
    assert.throws(() => cpu.load(copy, sigstruct, { debug: false }), { code: 'LAUNCH_IMAGE_REFUSED' });
  }
});

test('no step of a large image takes a large part of the time that all of it takes', () => {
  const content = new Uint8Array(PAGE_SIZE).fill(3);
  const pages = Array.from({ length: 12_000 }, (_, i) => ({
    offset: BigInt(i * PAGE_SIZE),
    flags: PageFlags.REG | PageFlags.R,
    content,
  }));
  const large = writeSgxs({ ssaFrameSize: 1, sizeBytes: 2n ** 26n, pages });
  const signature = signSigstruct(fields(large), applicationKey);
  const intake = createImageIntake(large.length);
  const costs: number[] = [];
  // Of the processor, not of the clock: others may be busy on this machine.
  const step = <T>(work: () => T): T => {
    const before = process.cpuUsage();
    const result = work();
    const { user, system } = process.cpuUsage(before);
    costs.push(user + system);
    return result;
  };
  for (let at = 0; at < large.length; at += 1 << 20) step(() => intake.push(large.subarray(at, at + (1 << 20))));
  step(() => cpu.load(intake.finish(), signature, { debug: false }));
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  assert.ok((costs.at(-1) ?? 0) < total / 4, `the last step ${costs.at(-1)} of ${total} microseconds`);
});
