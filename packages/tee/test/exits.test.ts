import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createExitTable } from '../src/software/exits.ts';

const exit = (detail: string) => ({ exitCode: undefined, signal: undefined, detail });

describe('the exit table', () => {
  test('keeps a notice that comes before anybody waits', async () => {
    const exits = createExitTable();
    exits.settle(1n, exit('early'));
    assert.equal((await exits.of(1n)).detail, 'early');
  });

  test('tells each who waits, and the first notice counts', async () => {
    const exits = createExitTable();
    const waiting = [exits.of(1n), exits.of(1n), exits.of(2n)];
    exits.settle(1n, exit('one'));
    exits.settle(1n, exit('again'));
    exits.settle(2n, exit('two'));
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ detail }) => detail),
      ['one', 'one', 'two'],
    );
  });

  test('tells all when the platform is gone, later ones too, but what was known stays', async () => {
    const exits = createExitTable();
    exits.settle(1n, exit('one'));
    const waiting = exits.of(2n);
    exits.settleAll(exit('gone'));
    const details = (await Promise.all([exits.of(1n), waiting, exits.of(3n)])).map(({ detail }) => detail);
    assert.deepEqual(details, ['one', 'gone', 'gone']);
  });
});
