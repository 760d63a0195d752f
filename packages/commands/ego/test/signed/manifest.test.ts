import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeManifest, encodeManifest } from '@enclos/manifest';
import { enclaveName } from '../../src/signed/manifest.ts';
import { manifest } from './samples.ts';

test('/ is memory of the size of the heap, and OE_IS_ENCLAVE and EDG_* are there', () => {
  const { mounts, environment, program, heapSizeBytes } = manifest({ arguments: ['-v'] });
  assert.deepEqual(mounts, [{ target: '/', kind: 'memory', readOnly: false, maxBytes: heapSizeBytes }]);
  assert.deepEqual(environment, [
    { name: 'OE_IS_ENCLAVE', value: '1' },
    { name: 'EDG_*' },
    { name: 'GOMEMLIMIT', value: '57MiB' },
  ]);
  assert.deepEqual(program, { architecture: 'linux-x64', network: 'declared', arguments: ['-v'], output: 'log' });
});

test('mounts keep their kinds, and / that is declared is not declared twice', () => {
  const { mounts } = manifest({
    mounts: [
      { target: '/', type: 'memfs' },
      { source: 'db', target: '/db', type: 'hostfs', readOnly: true },
    ],
  });
  assert.deepEqual(
    mounts.map(({ target, kind, readOnly }) => [target, kind, readOnly]),
    [
      ['/', 'memory', false],
      ['/db', 'host', true],
    ],
  );
});

test('variables are measured, or of the host; an empty value makes none', () => {
  const { environment } = manifest({
    env: [
      { name: 'PWD', value: '/data' },
      { name: 'LANG', value: 'C', fromHost: true },
      { name: 'EMPTY', value: '' },
      { name: 'OE_IS_ENCLAVE', value: '0' },
      { name: 'GOMEMLIMIT', value: '16MiB' },
    ],
  });
  assert.deepEqual(environment, [
    { name: 'EDG_*' },
    { name: 'PWD', value: '/data' },
    { name: 'LANG' },
    { name: 'OE_IS_ENCLAVE', value: '0' },
    { name: 'GOMEMLIMIT', value: '16MiB' },
  ]);
});

test('is one that can be measured', () => {
  const whole = manifest({ network: 'any', listen: [{ name: 'https', port: 443 }] });
  assert.deepEqual(decodeManifest(encodeManifest(whole)), whole);
});

test('every name of a file gives a name of an enclave', () => {
  const names = ['embedded_file', '/opt/Server', '2nd', 'a'.repeat(100), '..x'].map(enclaveName);
  assert.deepEqual(names, ['embedded-file', 'server', 'app-2nd', 'a'.repeat(63), 'app---x']);
});
