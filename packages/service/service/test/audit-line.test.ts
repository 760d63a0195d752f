import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditLine } from '../src/audit/index.ts';

const call = { time: new Date('2026-06-01T12:00:00Z'), call: 'setNote', requestId: 'id', who: 'anonymous' };
const lineOf = (...args: Parameters<typeof auditLine>): unknown => JSON.parse(auditLine(...args));

test('a line says what was called, by which caller and how it ended', () => {
  assert.deepEqual(lineOf({ ...call, tenant: 'https://a.example', parameters: { kind: 'one' } }, { outcome: 'ok' }), {
    time: '2026-06-01T12:00:00.000Z',
    tenant: 'https://a.example',
    call: 'setNote',
    kind: 'one',
    requestId: 'id',
    who: 'anonymous',
    outcome: 'ok',
  });
});

test('of an explanation it has the texts that are listed, when they are short', () => {
  const explanation = { rule: 'one', reason: 'x'.repeat(257), who: 'sub:a', note: 'n', secret: 's', more: { a: 1 } };
  const told = lineOf(call, { outcome: 'refused', error: 'Forbidden', explanation }, ['note', 'more']);
  const { time: _, call: __, requestId: ___, ...rest } = told as Record<string, unknown>;
  assert.deepEqual(rest, { outcome: 'refused', error: 'Forbidden', who: 'sub:a', rule: 'one', note: 'n' });
});
