import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoticeReader, parseGreeting, type RunningEnclave } from '../../src/project/greeting.ts';

const mrEnclave = 'ab'.repeat(32);

function enclavesOf(lines: readonly string[]): readonly RunningEnclave[] {
  const enclaves: RunningEnclave[] = [];
  const notice = createNoticeReader((enclave) => enclaves.push(enclave));
  for (const line of lines) notice(line);
  return enclaves;
}

test('greetings and notices of a host program', () => {
  assert.deepEqual(parseGreeting('log'), { kind: 'log' });
  assert.deepEqual(parseGreeting(`inspector vault ${mrEnclave}`), { kind: 'inspector', name: 'vault', mrEnclave });
  assert.deepEqual(enclavesOf([`started vault ${mrEnclave}`]), [{ name: 'vault', mrEnclave, streams: [] }]);
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
    assert.deepEqual(enclavesOf([line]), [], line);
  }
});

test('the streams before a notice are those of the enclave that it names, and of no other', () => {
  const started = `started vault ${mrEnclave}`;
  const lines = ['stream listen passed api%20v1%0A', 'stream connect relayed store', started, started];
  const streams = [
    { kind: 'listen', name: 'api v1\n', transport: 'passed' },
    { kind: 'connect', name: 'store', transport: 'relayed' },
  ];
  assert.deepEqual(enclavesOf(lines), [
    { name: 'vault', mrEnclave, streams },
    { name: 'vault', mrEnclave, streams: [] },
  ]);
  for (const line of [
    'stream',
    'stream listen either a',
    'stream open passed a',
    'stream listen passed %',
    'stream listen passed ',
  ]) {
    assert.deepEqual(enclavesOf([line, started]), [{ name: 'vault', mrEnclave, streams: [] }], line);
  }
  const many = Array.from({ length: 1000 }, () => 'stream listen passed a');
  assert.equal(enclavesOf([...many, started])[0]?.streams.length, 256);
});
