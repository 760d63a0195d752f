import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { misused, orRefuse } from '../src/refusal/refusal.ts';

test('what a parser refuses is refused with its error as the cause, and a mistake of ours comes out as it is', () => {
  const cause = new EnclosError('CODEC_INVALID', 'Not a value.');
  const parsed = (failure?: Error): string =>
    orRefuse(
      () => {
        if (failure !== undefined) throw failure;
        return 'value';
      },
      (error) => misused('Refused.', error),
    );
  assert.equal(parsed(), 'value');
  assert.throws(
    () => parsed(cause),
    (error) => isEnclosError(error, 'VERIFIER_MISUSED') && error.cause === cause,
  );
  assert.throws(() => parsed(new RangeError('a bug')), RangeError);
});
