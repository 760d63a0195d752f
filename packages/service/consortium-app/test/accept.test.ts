import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { refuseType } from '../src/contract/accept.ts';

describe('the field Accept', () => {
  it('is judged whatever it holds', () => {
    const part = fc.constantFrom('a', 'application', '*', '/', 'json', ';q=', ',', ' ', '0.5', ';', '=', '.', '-');
    const value = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 200 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(value, (accept) => {
        const status = refuseType(accept)?.status;
        assert.ok(status === undefined || status === 400 || status === 406);
        // What stands after a range that takes JSON can be wrong, and can not take it back.
        const longer = refuseType(`*/*,${accept}`)?.status;
        assert.ok(longer === undefined || longer === 400);
      }),
    );
  });

  it('is read as far as a client has a use for', () => {
    assert.equal(refuseType(`${'a/b,'.repeat(63)}*/*`), undefined);
    assert.equal(refuseType(`${'a/b,'.repeat(64)}*/*`)?.status, 406);
  });
});
