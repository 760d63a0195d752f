import assert from 'node:assert/strict';
import { test } from 'node:test';
import { singleUserAdvisory as platformAdvisory } from '@enclos/software-sgx';
import { singleUserAdvisory } from '../../../src/commands/policy/draft.ts';

test('the advisory that a draft accepts is the one that a platform of one user has', () => {
  assert.equal(singleUserAdvisory, platformAdvisory);
});
