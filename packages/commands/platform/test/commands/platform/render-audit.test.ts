import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPrinter } from '@enclos/command-line';
import { renderAuditSummary } from '../../../src/commands/platform/render-audit.ts';

const summary = {
  head: { seq: 7, hash: 'ab'.repeat(32) },
  records: 7,
  files: 1,
  firstSeq: 1,
  firstTime: '2026-06-01T12:00:00.000Z',
  lastTime: '2026-06-01T12:00:05.000Z',
  recoveries: 0,
  lost: 0,
  unfinishedBytes: 0,
};

function linesOf(lost: number): readonly string[] {
  let text = '';
  const stream = { write: (more: string) => void (text += more), color: false };
  renderAuditSummary({ ...summary, lost }, createPrinter(stream));
  return text.split('\n');
}

test('a whole log gets a check mark', () => {
  assert.equal(linesOf(0)[0], '✔ The chain holds.');
  assert.ok(linesOf(0).includes('  lost        none'));
});

test('a log that lost records gets a warning, and no check mark', () => {
  const lines = linesOf(1042);
  assert.equal(lines[0], '⚠ The chain holds, but 1,042 records are lost: they could not be written.');
  assert.ok(lines.includes('  lost        1,042 records'));
  assert.ok(lines.every((line) => !line.includes('✔')));
});
