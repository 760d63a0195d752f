import { isEnclosError } from '@enclos/errors';

/** The code of what a promise rejects with; undefined when it resolves. @throws what has no code. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (isEnclosError(error)) return error.code;
    throw new Error('An error without a code.', { cause: error });
  }
}

/** @throws Error unless the values are one. */
export function same(what: string, found: unknown, expected: unknown): void {
  const [one, other] = [found, expected].map((value) => JSON.stringify(value));
  if (one !== other) throw new Error(`${what}: found ${one}, not ${other}.`);
}
