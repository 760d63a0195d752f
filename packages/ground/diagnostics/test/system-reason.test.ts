import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { listenRefusal, systemReason, unreadableReason } from '../src/index.ts';

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
    assert.equal(systemReason(error), 'there is no such file');
  }
});

test('what cannot be read has a reason in any case', () => {
  assert.equal(unreadableReason(Object.assign(new Error('no'), { code: 'EISDIR' })), 'it is a folder');
  assert.equal(unreadableReason(Object.assign(new Error('no'), { code: 'EWHAT' })), 'EWHAT');
  assert.equal(unreadableReason(new Error('no')), 'it cannot be read');
  assert.equal(unreadableReason(undefined), 'it cannot be read');
});

test('a server that does not listen has a reason in words', () => {
  const refused = (code: string, number = {}): string =>
    listenRefusal(Object.assign(new Error('listen failed'), { code, ...number }));
  assert.equal(refused('ENOENT', { errno: -2 }), 'its folder is not there');
  assert.equal(refused('EADDRINUSE', { errno: -98 }), 'another program listens there already');
  assert.equal(refused('EWHAT', { errno: -999 }), 'listen failed');
  assert.equal(refused('ENAMETOOLONG'), 'listen failed');
  assert.equal(listenRefusal('no error'), 'no error');
});
