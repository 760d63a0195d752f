import assert from 'node:assert/strict';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { errorAnswerOf } from '@enclos/service/routes';
import { errorNames } from '../src/routes/error-names.ts';

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

/** What the caller is told of a refusal. Fails for anything else. */
export function toldOf(error: unknown): Told {
  const { isFault, status, name, message, explanation, headers } = errorAnswerOf(error, errorNames);
  assert.equal(isFault, false, String(error));
  return { status, code: name, message, details: explanation, headers };
}

export interface Told {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
}
