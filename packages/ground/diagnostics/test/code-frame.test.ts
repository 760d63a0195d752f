import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { renderDiagnostic, type Diagnostic } from '../src/index.ts';

const diagnostic: Diagnostic = {
  code: 'BUILD_FORBIDDEN_IMPORT',
  text: '"node:fs" cannot be imported in an enclave',
  file: 'src/demo.enclave.ts',
  line: 12,
  column: 16,
  length: 9,
  lineText: "import fs from 'node:fs';",
  notes: ['imported through a → b'],
  suggestion: 'a mount',
};

test('renderDiagnostic() shows place, line, mark, note and suggestion', () => {
  assert.equal(
    renderDiagnostic(diagnostic),
    [
      'error "node:fs" cannot be imported in an enclave [BUILD_FORBIDDEN_IMPORT]',
      '  src/demo.enclave.ts:12:16',
      "  12 │ import fs from 'node:fs';",
      '     │                ^^^^^^^^^',
      '  note: imported through a → b',
      '  use: a mount',
    ].join('\n'),
  );
});

test('renderDiagnostic() says which problems are warnings', () => {
  const warning = { ...diagnostic, severity: 'warning' } as const;
  assert.match(renderDiagnostic(warning), /^warning "node:fs"/);
  assert.match(renderDiagnostic(warning, { color: true }), /^\u001B\[1;33mwarning/);
});

test('renderDiagnostic() colours only when asked', () => {
  assert.doesNotMatch(renderDiagnostic(diagnostic), /\u001B/);
  assert.match(renderDiagnostic(diagnostic, { color: true }), /\u001B\[31m\^{9}\u001B\[0m/);
});

test('renderDiagnostic() without a place is one line', () => {
  assert.equal(renderDiagnostic({ code: 'X', text: 'wrong', notes: [] }), 'error wrong [X]');
});

test('renderDiagnostic() lets no control character of a source reach the terminal', () => {
  const hostile = { ...diagnostic, lineText: '\u001B[2J\u0007 const x\u202E = 1;', text: 'a\u001B[31m\u2066b' };
  const shown = renderDiagnostic(hostile).replaceAll('\n', '');
  assert.doesNotMatch(shown, /[\u0000-\u001F\u007F-\u009F]/);
  // Nor one that shows it in another order.
  assert.doesNotMatch(shown, /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/);
});

test('renderDiagnostic() cuts a long line to a window that keeps the marked text in sight', () => {
  const lineText = `${'a'.repeat(500)}HERE${'b'.repeat(500)}`;
  const text = renderDiagnostic({ ...diagnostic, lineText, column: 501, length: 4 }, { width: 60 });
  const [, , source = '', mark = ''] = text.split('\n');
  assert.match(source, /│ …a+HEREb+…$/);
  assert.equal(source.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1), 'HERE');
});

test('renderDiagnostic() marks inside the shown line, whatever the position', () => {
  const place = fc.record({
    lineText: fc.string({ maxLength: 300 }),
    column: fc.integer({ min: -5, max: 400 }),
    length: fc.integer({ min: -5, max: 400 }),
    width: fc.integer({ min: 0, max: 120 }),
  });
  fc.assert(
    fc.property(place, ({ width, ...at }) => {
      const [, , source = '', mark = ''] = renderDiagnostic({ ...diagnostic, ...at }, { width }).split('\n');
      assert.ok(source.length <= Math.max(20, width) + 7);
      assert.match(mark, /^ +│ +\^+$/);
      assert.ok(mark.length <= Math.max(source.length, '  12 │ ^'.length) + 1);
    }),
    { numRuns: 300 },
  );
});
