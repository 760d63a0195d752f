import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { systemReason } from '../src/index.ts';

test('a code of the system is words, and an unknown one is undefined', () => {
  assert.equal(systemReason('ENOSPC'), 'the disk is full');
  assert.equal(systemReason('EADDRINUSE'), 'another program listens there already');
  assert.equal(systemReason('EWHAT'), undefined);
  assert.equal(systemReason(undefined), undefined);
  assert.equal(systemReason('constructor'), undefined);
});

test('an error of a real call has its words', () => {
  assert.equal(existsSync('/nowhere'), false);
  try {
    readFileSync('/nowhere');
    assert.fail('it was read');
  } catch (error) {
    assert.equal(systemReason((error as NodeJS.ErrnoException).code), 'there is no such file');
  }
});
