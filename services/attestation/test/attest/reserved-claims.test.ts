import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Claim, ClaimValue } from '@enclos/claim-rules';
import { issuedClaims } from '../../src/attest/claims/reserved-claims.ts';

const claim = (type: string, value: ClaimValue): Claim => ({ type, value, issuer: 'AttestationPolicy' });

test('several values of one name become an array in their order, each once, and those of other types are others', () => {
  const values = [1, '1', true, 'true', 1, '1', true, 'number:1', 0, false];
  const outgoing = [...values.map((value) => claim('many', value)), claim('one', 'a'), claim('one', 'a')];
  assert.deepEqual(issuedClaims(outgoing, {}), { many: [1, '1', true, 'true', 'number:1', 0, false], one: 'a' });
});

test('thousands of values of one name are not looked for among each other', (context) => {
  const lists: object = Array.prototype;
  const own = Object.getOwnPropertyDescriptor(lists, 'includes');
  assert.ok(own !== undefined);
  const restore = (): unknown => Object.defineProperty(lists, 'includes', own);
  context.after(restore);
  let looked = 0;
  const value = function (this: readonly unknown[], wanted: unknown): boolean {
    looked += this.length;
    return this.indexOf(wanted) >= 0;
  };
  const outgoing = Array.from({ length: 5000 }, (_, index) => claim('many', `value ${index}`));
  Object.defineProperty(lists, 'includes', { ...own, value });
  const { many } = issuedClaims(outgoing, {});
  restore();
  assert.equal(Array.isArray(many) && many.length, 5000);
  assert.ok(looked < 50_000, `${looked}`);
});
