import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  companionScriptPath,
  companionsOf,
  decodeCompanions,
  decodeInterpreterManifest,
  decodeManifest,
  encodeManifest,
  layOutImage,
  readImage,
  sortFiles,
  type CompanionManifest,
  type EmbeddedFile,
  type InterpreterManifest,
} from '../src/index.ts';
import { companionManifest, passingManifest, programManifest, sampleManifest } from './sample.ts';

/** What `encodeManifest` makes of companions before an ordinary manifest: a part of measured images, as that is. */
const golden = `820106656e67696e6502000000000400000000040001010b656e67696e652e6e6f6465${'05'.repeat(32)}01000000000000008202`;

const baseOf = (manifest: InterpreterManifest): InterpreterManifest => {
  const { companions: _, ...base } = manifest;
  return base;
};
const invalid = (error: unknown): boolean => isEnclosError(error, 'MANIFEST_INVALID');
const refused = (error: unknown): boolean => invalid(error) || isEnclosError(error, 'EDL_VALUE_REFUSED');
const [engine] = companionsOf(companionManifest) as [CompanionManifest];
const [file] = engine.files as [CompanionManifest['files'][number]];

test('a manifest with companions begins with the bytes that it always had, and ends with the manifest without them', () => {
  const encoded = Buffer.from(encodeManifest(companionManifest)).toString('hex');
  const ordinary = Buffer.from(encodeManifest(baseOf(companionManifest))).toString('hex');
  assert.equal(encoded, golden + ordinary);
  assert.deepEqual({ ...decodeManifest(encodeManifest(companionManifest)) }, companionManifest);
});

test('the runtime reads the ordinary manifest that decodeCompanions() gives', () => {
  const { base, companions } = decodeCompanions(encodeManifest(companionManifest));
  assert.deepEqual(companions, companionManifest.companions);
  assert.deepEqual({ ...decodeInterpreterManifest(base), companions }, companionManifest);
  assert.throws(() => decodeInterpreterManifest(encodeManifest(companionManifest)), invalid);
  for (const other of [sampleManifest, passingManifest, programManifest]) {
    assert.throws(() => decodeCompanions(encodeManifest(other)), invalid);
    assert.deepEqual(companionsOf(other), []);
  }
});

const broken: readonly (readonly [rule: string, change: Partial<CompanionManifest>])[] = [
  ['an upper-case name', { name: 'Engine' }],
  ['a name that leads elsewhere', { name: '../x' }],
  ['no process', { processes: 0 }],
  ['too many processes', { processes: 65 }],
  ['no thread', { threads: 0 }],
  ['too many threads', { threads: 257 }],
  ['too little memory', { memoryBytes: 15n * 1024n * 1024n }],
  ['too much memory', { memoryBytes: 65_537n * 1024n * 1024n }],
  ['broken mebibytes', { memoryBytes: 64n * 1024n * 1024n + 1n }],
  ['a file in a folder', { files: [{ ...file, path: 'a/b.node' }] }],
  ['a file that is hidden', { files: [{ ...file, path: '.node' }] }],
  ['a file that looks like an option', { files: [{ ...file, path: '-x' }] }],
  ['a file twice', { files: [file, file] }],
  ['an empty file', { files: [{ ...file, sizeBytes: 0n }] }],
  ['a file above 512 MiB', { files: [{ ...file, sizeBytes: 2n ** 29n + 1n }] }],
  ['addons without a file', { files: [] }],
];

for (const [rule, change] of broken) {
  test(`encodeManifest() refuses a companion with ${rule}`, () => {
    assert.throws(() => encodeManifest({ ...companionManifest, companions: [{ ...engine, ...change }] }), refused);
  });
}

test('encodeManifest() refuses an empty list of companions, and two of one name', () => {
  for (const companions of [[], [engine, engine]]) {
    assert.throws(() => encodeManifest({ ...companionManifest, companions }), refused);
  }
});

test('decodeManifest() applies the rules to bytes that keep every bound, and refuses a program with companions', () => {
  const encoded = encodeManifest(companionManifest);
  encoded[Buffer.from(encoded).indexOf('engine')] = 'E'.charCodeAt(0);
  assert.throws(() => decodeManifest(encoded), invalid);
  const withProgram = encodeManifest({ ...companionManifest, name: 'x' });
  const at = withProgram.length - encodeManifest(baseOf({ ...companionManifest, name: 'x' })).length;
  withProgram[at] = 0x81;
  assert.throws(() => decodeManifest(withProgram), invalid);
});

test('decodeManifest() refuses or reads canonically every mutation of one byte of a manifest with companions', () => {
  const encoded = encodeManifest(companionManifest);
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

const script: EmbeddedFile = { path: companionScriptPath('engine'), content: utf8('(function(){})') };
const data: EmbeddedFile = { path: '/data', content: utf8('of the application') };
const payload = (manifest: InterpreterManifest, files: readonly EmbeddedFile[]) => ({
  manifest,
  bundle: utf8('(() => 1)'),
  files,
});

test('an image holds the script of each companion among its files, apart from those of the application', () => {
  const { manifest, files } = readImage(layOutImage(payload(companionManifest, [data, script])));
  const { ofApplication, scripts } = sortFiles(companionsOf(manifest), files);
  assert.deepEqual(ofApplication, [data]);
  assert.deepEqual([...scripts], [['engine', script.content]]);
});

test('an image of a companion without its script, or with another file in the folder of the platform, is refused', () => {
  const other = { path: '/.enclos/other', content: utf8('x') };
  for (const files of [[], [data], [script, other]]) {
    assert.throws(
      () => layOutImage(payload(companionManifest, files)),
      (error) => isEnclosError(error, 'IMAGE_INVALID'),
    );
  }
  // An image without companions is what it always was.
  assert.equal(readImage(layOutImage(payload(sampleManifest, [other]))).files.length, 1);
});
