import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorRegistry as inBrowsers } from '../src/browser/registry.ts';
import { errorRegistry, isErrorCode } from '../src/index.ts';

test('an error in a browser is the one of the registry, and those of other packages are not there', () => {
  const entries = Object.entries(inBrowsers);
  for (const [code, entry] of entries) {
    assert.ok(isErrorCode(code), code);
    assert.equal(entry, errorRegistry[code]);
  }
  for (const code of ['CODEC_INVALID', 'SGX_QUOTE_INVALID', 'EVIDENCE_REFUSED', 'VERIFIER_MISUSED']) {
    assert.ok(Object.hasOwn(inBrowsers, code), code);
  }
  assert.ok(!Object.hasOwn(inBrowsers, 'BUILD_FAILED'));
});
