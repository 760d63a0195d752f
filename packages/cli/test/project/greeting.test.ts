import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGreeting, parseStarted } from '../../src/project/greeting.ts';

const mrEnclave = 'ab'.repeat(32);

test('greetings and notices of a host program', () => {
  assert.deepEqual(parseGreeting('log'), { kind: 'log' });
  assert.deepEqual(parseGreeting(`inspector vault ${mrEnclave}`), { kind: 'inspector', name: 'vault', mrEnclave });
  assert.deepEqual(parseStarted(`started vault ${mrEnclave}`), { name: 'vault', mrEnclave });
});

test('everything else is refused', () => {
  for (const line of [
    '',
    'log ',
    'inspector',
    `inspector Vault ${mrEnclave}`,
    `inspector a ${mrEnclave}0`,
    `inspector a\u001B ${mrEnclave}`,
  ]) {
    assert.equal(parseGreeting(line), undefined, line);
  }
  for (const line of ['started', `started a b ${mrEnclave}`, `started ${'a'.repeat(64)} ${mrEnclave}`]) {
    assert.equal(parseStarted(line), undefined, line);
  }
});
