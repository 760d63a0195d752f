import assert from 'node:assert/strict';
import { errorAnswerOf } from '@enclos/service/routes';
import { errorNames } from '../src/routes/error-names.ts';

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
