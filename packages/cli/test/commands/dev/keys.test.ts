import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyReader, devKeys } from '../../../src/commands/dev/keys.ts';

test('on a terminal each key acts at once, and Ctrl-C and Ctrl-D quit', () => {
  const read = createKeyReader(true);
  for (const { key, action } of devKeys) assert.deepEqual(read(key), [action]);
  assert.deepEqual(read('rx b'), ['restart', 'rebuild']);
  assert.deepEqual(read('\u0003'), ['quit']);
  assert.deepEqual(read('\u0004'), ['quit']);
  assert.deepEqual(read('\n'), []);
});

test('elsewhere a line acts, by its key or its word, when it ends', () => {
  const read = createKeyReader(false);
  assert.deepEqual(read('r'), []);
  assert.deepEqual(read('\nrebuild\r\n restart \nrestarts\n\nq'), ['restart', 'rebuild', 'restart']);
  assert.deepEqual(read('\n'), ['quit']);
});

test('keys differ', () => {
  assert.equal(new Set(devKeys.map(({ key }) => key)).size, devKeys.length);
});
