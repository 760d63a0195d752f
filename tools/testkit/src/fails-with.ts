import assert from 'node:assert/strict';

/** For `assert.rejects` and `assert.throws`: an error of this code, by this rule when one is named, that says what to do. */
export function failsWith(code: string, rule?: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof Error && error.name === 'EnclosError', String(error));
    const {
      message,
      code: own,
      next,
      details,
    } = error as Error & {
      readonly code: string;
      readonly next: string;
      readonly details: Readonly<Record<string, unknown>>;
    };
    assert.equal(own, code, message);
    assert.ok(next.length > 20);
    if (rule !== undefined) assert.equal(details['rule'], rule);
    return true;
  };
}
