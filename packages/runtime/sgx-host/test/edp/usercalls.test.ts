import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { usercallName, usercalls } from '../../src/edp/usercalls.ts';

test('the table of capabilities lists every usercall with its service', () => {
  const page = readFileSync(new URL('../../../../../../docs/reference/signed-enclaves.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \| (served|unsupported|ignored|ends) \|$/gm)];
  assert.deepEqual(Object.fromEntries(rows.map(([, name, service]) => [name, service])), usercalls);
});

test('usercalls are numbered from 1 on', () => {
  assert.deepEqual([usercallName(1n), usercallName(10n), usercallName(16n)], ['read', 'exit', 'async_queues']);
  for (const number of [0n, 17n, 0x8000_0000n, 2n ** 64n - 1n]) assert.equal(usercallName(number), undefined);
});
