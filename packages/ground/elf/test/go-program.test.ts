import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elfFile } from '@enclos/testkit';
import { overlayTagPrefix, readGoProgram, type GoProgram } from '../src/index.ts';
import { goFile, type GoFileOptions } from './go-file.ts';

const read = (options: GoFileOptions): GoProgram | undefined => readFile(goFile(options));
const readFile = (file: Uint8Array): GoProgram | undefined =>
  readGoProgram((at, length) => file.subarray(at, at + length));
const digest = '0123456789abcdef'.repeat(4);

test('a program of Go tells its version', () => {
  assert.deepEqual(read({}), { version: 'go1.24.4', overlaySha256: undefined });
});

test('a program that enclos go has built tells its overlay', () => {
  const settings = [
    'path\tprobe',
    `build\t-tags=other,${overlayTagPrefix}${digest},enclos_overlay`,
    'build\tCGO_ENABLED=0',
  ];
  assert.equal(read({ settings })?.overlaySha256, digest);
});

for (const [what, line] of [
  ['a digest that is too short', `build\t-tags=${overlayTagPrefix}${digest.slice(1)}`],
  ['another setting', `build\t-ldflags=${overlayTagPrefix}${digest}`],
  ['a part of another tag', `build\t-tags=not_${overlayTagPrefix}${digest}`],
] as const) {
  test(`${what} is no digest of an overlay`, () => {
    assert.equal(read({ settings: [line] })?.overlaySha256, undefined);
  });
}

test('other programs, and those of a Go before 1.18, tell nothing', () => {
  assert.equal(readFile(elfFile()), undefined);
  assert.equal(read({ section: '.go.other' }), undefined);
  assert.equal(read({ flags: 0 }), undefined);
});

for (const [what, options] of [
  ['another magic', { magic: '\xff Go building:' }],
  ['a head that is cut', { content: new Uint8Array(31) }],
  ['a length without an end', { content: Uint8Array.from([...headOf(), 0x80, 0x80, 0x80, 0x80, 0x80]) }],
  ['a version beyond the section', { content: Uint8Array.from([...headOf(), 9, 103, 111]) }],
  ['no settings', { content: Uint8Array.from([...headOf(), 2, 103, 111]) }],
  ['an empty version', { version: '' }],
  ['a version with a line break', { version: 'go1\n.24' }],
  ['more than a mebibyte', { content: new Uint8Array(1024 * 1024 + 1) }],
] as const satisfies readonly (readonly [string, GoFileOptions])[]) {
  test(`${what} is refused`, () => assert.throws(() => read(options), RangeError));
}

function headOf(): Uint8Array {
  return goFile().subarray(64, 64 + 32);
}
