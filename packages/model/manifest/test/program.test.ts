import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  decodeInterpreterManifest,
  decodeManifest,
  encodeManifest,
  isProgramManifest,
  layOutImage,
  readImage,
  type ProgramManifest,
} from '../src/index.ts';
import { passingManifest, programManifest, sampleManifest } from './sample.ts';

/** What `encodeManifest` makes of the manifest of a program: a part of measured images, as that of `manifest.test.ts` is. */
const golden =
  '810673616d706c65010002000004000000000200000000070707070707070707070707070707070707070707070707070707070707070700' +
  '0102022d76000102044d4f444501047465737406524547494f4e00010a2f6d6f64656c2e62696e0000000000000000000000000000000000' +
  '0000000000000000000000000000000a0000000000000001052f646174610000e80300000000000001056874747073fb2001010470656572' +
  '0c706565722e6578616d706c65bb010200001000100010000400';

const invalid = (error: unknown): boolean => isEnclosError(error, 'MANIFEST_INVALID');
const refused = (error: unknown): boolean => invalid(error) || isEnclosError(error, 'EDL_VALUE_REFUSED');

test('the manifest of a program has the bytes that it always had', () => {
  assert.equal(Buffer.from(encodeManifest(programManifest)).toString('hex'), golden);
  assert.deepEqual({ ...decodeManifest(Uint8Array.from(Buffer.from(golden, 'hex'))) }, programManifest);
});

test('only the manifest of a program says that it is one', () => {
  assert.ok(isProgramManifest(decodeManifest(encodeManifest(programManifest))));
  for (const manifest of [sampleManifest, passingManifest]) {
    assert.ok(!isProgramManifest(decodeManifest(encodeManifest(manifest))));
  }
});

test('streams that are all relayed have the same form in a program', () => {
  const { listen, connect } = sampleManifest;
  const encoded = encodeManifest({ ...programManifest, listen, connect });
  assert.equal(encoded[0], 0x81);
  assert.deepEqual({ ...decodeManifest(encoded) }, { ...programManifest, listen, connect });
});

test('decodeInterpreterManifest() refuses a program, and reads every other manifest', () => {
  assert.throws(() => decodeInterpreterManifest(encodeManifest(programManifest)), invalid);
  for (const manifest of [sampleManifest, passingManifest]) {
    assert.deepEqual({ ...decodeInterpreterManifest(encodeManifest(manifest)) }, manifest);
  }
});

const root = { target: '/', kind: 'memory', readOnly: false, maxBytes: 1n } as const;
const data = { target: '/data', kind: 'host', readOnly: true, maxBytes: 1n } as const;
const { program } = programManifest;

test('the root of a program may be in memory, with other folders in it', () => {
  const manifest: ProgramManifest = { ...programManifest, mounts: [root, data] };
  assert.deepEqual({ ...decodeManifest(encodeManifest(manifest)) }, manifest);
});

const broken: readonly (readonly [rule: string, change: Partial<ProgramManifest>])[] = [
  ['an upper-case name', { name: 'Sample' }],
  ['an argument with a NUL', { program: { ...program, arguments: ['a\0b'] } }],
  ['an argument that is too long', { program: { ...program, arguments: ['a'.repeat(4097)] } }],
  ['too many arguments', { program: { ...program, arguments: Array.from({ length: 65 }, () => 'a') } }],
  ['a variable with a NUL', { environment: [{ name: 'A', value: 'a\0B=b' }] }],
  ['a measured variable that stands for many', { environment: [{ name: 'EDG_*', value: '' }] }],
  ['a star within the name of a variable', { environment: [{ name: 'EDG_*A' }] }],
  ['a variable that stands for all', { environment: [{ name: '*' }] }],
  ['a variable twice', { environment: [{ name: 'EDG_*' }, { name: 'EDG_*' }] }],
  ['a listener without a network', { program: { ...program, network: 'none' }, connect: [] }],
  ['a destination without a network', { program: { ...program, network: 'none' }, listen: [] }],
  ['a root of the host', { mounts: [{ ...root, kind: 'host' }] }],
  ['two roots', { mounts: [root, root] }],
  ['a mount inside another that is not the root', { mounts: [root, data, { ...data, target: '/data/more' }] }],
];

for (const [rule, change] of broken) {
  test(`encodeManifest() refuses the manifest of a program with ${rule}`, () => {
    assert.throws(() => encodeManifest({ ...programManifest, ...change }), refused);
  });
}

test('a program may take all variables of the host that begin so, and a script none', () => {
  const environment = [{ name: 'EDG_*' }, { name: 'EDG_FIXED', value: '1' }];
  const manifest: ProgramManifest = { ...programManifest, environment };
  assert.deepEqual({ ...decodeManifest(encodeManifest(manifest)) }, manifest);
  assert.throws(() => encodeManifest({ ...sampleManifest, environment }), invalid);
});

test('a script has no root in memory', () => {
  assert.throws(() => encodeManifest({ ...sampleManifest, mounts: [root] }), invalid);
});

test('decodeManifest() applies the rules of programs to bytes that keep every bound', () => {
  const encoded = encodeManifest({ ...programManifest, environment: [{ name: 'A', value: 'marker' }] });
  encoded[Buffer.from(encoded).indexOf('marker')] = 0;
  assert.throws(() => decodeManifest(encoded), invalid);
});

test('decodeManifest() refuses or reads canonically every mutation of one byte of the manifest of a program', () => {
  const encoded = encodeManifest(programManifest);
  for (let at = 0; at < encoded.length; at++) {
    for (const bit of [1, 2, 4, 0x81]) {
      const mutated = Uint8Array.from(encoded);
      mutated[at] = (mutated[at] ?? 0) ^ bit;
      try {
        assert.deepEqual(encodeManifest(decodeManifest(mutated)), mutated);
      } catch (error) {
        assert.ok(invalid(error));
      }
    }
  }
});

test('the image of a program holds it as its second section', () => {
  const bundle = utf8('\x7fELF and so on');
  const read = readImage(layOutImage({ manifest: programManifest, bundle, files: [] }));
  assert.deepEqual(read.bundle, bundle);
  assert.ok(isProgramManifest(read.manifest));
});
