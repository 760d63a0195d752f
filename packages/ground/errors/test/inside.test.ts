import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorRegistry as inside } from '../src/inside/registry.ts';
import { errorRegistry, isErrorCode } from '../src/index.ts';

test('an error inside an enclave has the kind and the summary that the registry gives it', () => {
  const entries = Object.entries(inside);
  assert.ok(entries.length > 40);
  for (const [code, { kind, summary, next }] of entries) {
    assert.ok(isErrorCode(code), code);
    assert.deepEqual([kind, summary], [errorRegistry[code].kind, errorRegistry[code].summary], code);
    assert.match(next, /^\S.*\.$/);
  }
});

test('what an enclave raises is inside, and what only tools raise is not', () => {
  for (const code of ['SEAL_NOT_OPENED', 'GATE_BUSY', 'EDL_VALUE_REFUSED', 'KEY_SVN_TOO_NEW', 'HOST_CALL_FAILED']) {
    assert.ok(Object.hasOwn(inside, code), code);
  }
  for (const code of ['BUILD_FAILED', 'LAUNCH_DEBUG_REFUSED']) assert.ok(!Object.hasOwn(inside, code), code);
});
