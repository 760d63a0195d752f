import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { failsWith } from '@enclos/testkit';
import fc from 'fast-check';
import {
  decodeSignedProgram,
  encodeSignedProgram,
  isSignedProgram,
  unsignedProgram,
} from '../../src/signed/signed-program.ts';
import { signedProgram } from './samples.ts';

const encoded = encodeSignedProgram(signedProgram());
const line = utf8('#!/usr/bin/env -S enclos ego run\n');

test('what is written is read again', () => {
  const text = fc.string({ maxLength: 64 });
  const plain = { noNullPrototype: true } as const;
  const property = fc.property(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc.nat({ max: 255 }),
    fc.array(fc.record({ target: text, source: text }, plain), { maxLength: 4 }),
    fc.array(fc.record({ name: text, value: text }, plain), { maxLength: 4 }),
    (program, byte, folders, defaults) => {
      const signature = new Uint8Array(1808).fill(byte);
      // What begins so is a bundle.
      fc.pre(program[0] !== 0x23);
      const signed = signedProgram({ program, signature, host: { folders, defaults } });
      assert.deepEqual(decodeSignedProgram(encodeSignedProgram(signed)), signed);
    },
  );
  fc.assert(property, { numRuns: 50 });
});

test('a line before it, as a bundle has one, is not of the program', () => {
  const bundle = new Uint8Array(Buffer.concat([line, encoded]));
  assert.deepEqual(decodeSignedProgram(bundle), signedProgram());
  assert.deepEqual(unsignedProgram(bundle), signedProgram().program);
});

test('signing again replaces what is there', () => {
  assert.deepEqual(unsignedProgram(encoded), signedProgram().program);
  assert.deepEqual(unsignedProgram(signedProgram().program), signedProgram().program);
});

test('a file without the magic is not signed', () => {
  for (const file of [new Uint8Array(), signedProgram().program, encoded.subarray(0, -1), encoded.subarray(-24)]) {
    assert.equal(isSignedProgram(file), false);
    assert.throws(() => decodeSignedProgram(file), failsWith('EGO_NOT_SIGNED'));
  }
});

test('lengths beyond the file are refused', () => {
  for (const at of [24, 20]) {
    const file = encoded.slice();
    file.fill(0xff, file.length - at, file.length - at + 4);
    assert.throws(() => decodeSignedProgram(file), failsWith('EGO_SIGNED_INVALID'));
    assert.throws(() => unsignedProgram(file), failsWith('EGO_SIGNED_INVALID'));
  }
});

test('a file of which a part is missing is refused', () => {
  assert.throws(() => decodeSignedProgram(encoded.subarray(5000)), failsWith('EGO_SIGNED_INVALID'));
  assert.throws(() => decodeSignedProgram(encoded.subarray(5010)), failsWith('EGO_SIGNED_INVALID'));
});

test('a head that is not canonical is refused', () => {
  const file = encoded.slice();
  // The manifest begins after the signature and its length.
  file.fill(0xff, 5000 + 1808, 5000 + 1820);
  assert.throws(() => decodeSignedProgram(file), failsWith('EGO_SIGNED_INVALID'));
});

test('embedded files that are not canonical are refused', () => {
  const file = encoded.slice();
  file.set([9], file.length - 24 - 3 - 4 - 9 - 2 - 4);
  assert.throws(() => decodeSignedProgram(file), failsWith('EGO_SIGNED_INVALID'));
});
