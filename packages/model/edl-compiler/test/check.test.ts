import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEdl } from '../src/check/check.ts';
import { Findings } from '../src/index.ts';
import type { EdlFile } from '../src/syntax/tree.ts';

const source = { path: 'a.edl', text: 'enclave { };\n' };
const empty: EdlFile = { source, items: [], trivia: [], at: { source, start: 0, end: 12 } };
const loaded = { root: empty, files: new Map([['a.edl', empty]]), imports: new Map() };

test('an interface without functions is one for Open Enclave only', () => {
  for (const [dialect, accepted] of [
    ['oe', 'oe'],
    ['intel', undefined],
    ['both', 'oe'],
  ] as const) {
    const findings = new Findings({ dialect });
    assert.equal(checkEdl(loaded, dialect, findings)?.dialect, accepted);
    assert.deepEqual(
      findings.diagnostics().map(({ code }) => code),
      accepted === undefined ? ['edl-no-public-ecall'] : [],
    );
  }
});
