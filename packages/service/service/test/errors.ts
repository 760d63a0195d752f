import assert from 'node:assert/strict';
import { isEnclosError, type ErrorCode } from '@enclos/errors';

/** For `assert.rejects` and `assert.throws`: an error of this code, by this rule when one is named, that says what to do. */
export function failsWith(code: ErrorCode, rule?: string): (error: unknown) => true {
  return (error) => {
    assert.ok(isEnclosError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(error.next.length > 20);
    if (rule !== undefined) assert.equal(error.details['rule'], rule);
    return true;
  };
}
