import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageWarnings } from '../../../src/commands/image/image-warnings.ts';

const quiet = { identity: { debug: false, modeIsOpen: false }, passed: [], isPrivate: false };

test('an image warns of what its enclave gives away, and of what its base lacks', () => {
  assert.deepEqual(imageWarnings(quiet, 'node'), []);
  const text = (built: Partial<typeof quiet>, base: 'node' | 'debian' = 'node'): string =>
    imageWarnings({ ...quiet, ...built }, base).join('\n');
  assert.match(text({ identity: { debug: true, modeIsOpen: true } }), /^a debug enclave[^\n]*$/);
  assert.match(text({ identity: { debug: false, modeIsOpen: true } }), /^its signature lets the host[^\n]*$/);
  assert.match(text({ isPrivate: true }), /^its program wants a private network, and the base node has no util-linux/);
  assert.equal(text({ isPrivate: true }, 'debian'), '');
});

test('connections that are passed need more than the base node', () => {
  const built = { ...quiet, passed: ['https', 'db'] };
  assert.match(imageWarnings(built, 'node').join(), /^its enclave wants connections passed \(https, db\)/);
  assert.deepEqual(imageWarnings(built, { path: '/base', tag: undefined }), []);
});
