import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declaredErrors, declareErrors, declareErrorsWithAdvice } from '../src/index.ts';
import { advice as withoutAdvice } from '../src/without-advice.ts';

test('declareErrors() gives back the declaration, and declaredErrors has its entries', () => {
  const declaration = { GLUE_DRY: ['usage', 'The glue is dry.', 'Open another tube.'] } as const;
  assert.equal(declareErrors(declaration), declaration);
  const entry = declaredErrors.get('GLUE_DRY');
  assert.deepEqual(entry, { kind: 'usage', summary: 'The glue is dry.', next: 'Open another tube.' });
  assert.ok(Object.isFrozen(entry));
});

test('a second copy of a package may declare the same codes again', () => {
  for (let copy = 0; copy < 2; copy++) {
    declareErrors({ NAIL_BENT: ['refused', 'The nail is bent.', 'Take another nail.'] });
  }
  assert.equal(declaredErrors.get('NAIL_BENT')?.kind, 'refused');
});

test('a code cannot be declared twice with another kind, summary or next step', () => {
  const first = ['lost', 'The saw is gone.', 'Buy a saw.'] as const;
  declareErrors({ SAW_GONE: first });
  const others = [
    ['usage', first[1], first[2]],
    [first[0], 'The saw is blunt.', first[2]],
    [first[0], first[1], 'Borrow a saw.'],
  ] as const;
  for (const other of others) {
    assert.throws(() => declareErrors({ SAW_GONE: other }), /^TypeError: SAW_GONE is declared twice\.$/);
  }
  assert.equal(declaredErrors.get('SAW_GONE')?.next, 'Buy a saw.');
});

test('advice gives the next step of a short row; without advice the step is one for the inside of an enclave', () => {
  declareErrorsWithAdvice({ TAPE_LOST: 'Look under the bench.' }, { TAPE_LOST: ['lost', 'The tape is gone.'] });
  assert.equal(declaredErrors.get('TAPE_LOST')?.next, 'Look under the bench.');
  const inside: Readonly<Record<string, string>> = withoutAdvice;
  declareErrorsWithAdvice(inside, { TAPE_TORN: ['usage', 'The tape is torn.'] });
  assert.match(declaredErrors.get('TAPE_TORN')?.next ?? '', /^Look up the error code/);
});
