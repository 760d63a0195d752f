import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { verifyInterpreter } from '@enclos/isolation';
import {
  alwaysRefused,
  corpus,
  defences,
  startTarget,
  tryAttempt,
  type Attempt,
  type Defence,
  type Outcome,
  type Target,
} from '../src/index.ts';

/** The loader alone: the pinned interpreter with its measured flags, and none of the kernel's layers. */
let interpreterPath = '';
let target: Target;

before(async () => {
  interpreterPath = (await verifyInterpreter()).path;
  target = await startTarget();
});
after(() => target.close());

const outcome = (attempt: Attempt, off: readonly Defence[]): Promise<Outcome> =>
  tryAttempt(attempt, { interpreterPath, off, port: target.port });

/** Two cores; each attempt is a process. */
const concurrency = 2;

describe('a hostile bundle, with the loader alone', { concurrency }, () => {
  for (const attempt of corpus) {
    const { name, closedBy, reachedBy = [] } = attempt;
    test(`does not get ${name}`, async () => {
      const { got, death } = await outcome(attempt, []);
      assert.deepEqual({ got, death }, { got: undefined, death: undefined });
    });
    test(`gets ${name} without ${closedBy.join(', ')}`, async () => {
      const result = await outcome(attempt, [...closedBy, ...reachedBy]);
      assert.ok(result.got !== undefined, JSON.stringify(result));
    });
    for (const one of closedBy.length > 1 ? closedBy : []) {
      test(`does not get ${name} where ${one} is the only one of these`, async () => {
        const others = closedBy.filter((other) => other !== one);
        assert.equal((await outcome(attempt, [...others, ...reachedBy])).got, undefined);
      });
    }
  }
});

describe('a hostile bundle, by what no part of the loader has to close', { concurrency }, () => {
  for (const attempt of alwaysRefused) {
    test(`does not get ${attempt.name}`, async () => {
      const { got, death } = await outcome({ ...attempt, closedBy: [] }, []);
      assert.deepEqual({ got, death }, { got: undefined, death: undefined });
    });
  }
});

test('every defence closes an attempt that succeeds without it', () => {
  const shown = new Set(corpus.flatMap(({ closedBy }) => closedBy));
  assert.deepEqual(
    defences.filter((defence) => !shown.has(defence)),
    [],
  );
});

test('names of attempts are distinct', () => {
  assert.equal(new Set(corpus.map(({ name }) => name)).size, corpus.length);
});
