import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { diagnosticAt } from '../src/index.ts';

const problem = { code: 'X', text: 'wrong' };

test('diagnosticAt() counts lines and columns from 1, and marks no further than the line', () => {
  const at = diagnosticAt({ file: 'a.json', text: 'one\r\ntwo three\r\nfour' }, { start: 9, end: 20 }, problem);
  assert.deepEqual([at.line, at.column, at.length, at.lineText], [2, 5, 5, 'two three']);
  assert.ok(Object.isFrozen(at));
});

test('diagnosticAt() points into the line that it shows, wherever the span is', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', '𝕏'), maxLength: 60 });
  fc.assert(
    fc.property(text, fc.nat(80), fc.nat(80), (source, from, length) => {
      const start = Math.min(from, source.length);
      const at = diagnosticAt({ file: 'f', text: source }, { start, end: start + length }, problem);
      assert.ok(at.line !== undefined && at.column !== undefined && at.length !== undefined);
      const line = source.split('\n')[at.line - 1] ?? '';
      assert.equal(at.lineText, line.replace(/\r$/, ''));
      assert.ok(at.length >= 1 && at.column >= 1 && at.column <= line.length + 1);
    }),
  );
});
