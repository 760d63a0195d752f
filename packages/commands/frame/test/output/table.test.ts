import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Printer } from '@enclos/command-line';
import { renderFacts } from '../../src/output/table.ts';

test('what others named or wrote changes nothing else on a terminal', () => {
  const lines: string[] = [];
  const printer: Pick<Printer, 'line' | 'paint'> = {
    line: (text = '') => void lines.push(text),
    paint: (_, text) => text,
  };
  // Nothing else of a printer is used.
  renderFacts(
    [
      ['out\u001B[2J\r', 'a\u0007'],
      ['b', 'c'],
    ],
    printer as Printer,
  );
  assert.deepEqual(lines, ['  out [2J   a ', '  b         c']);
});
