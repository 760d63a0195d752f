import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createExitTable } from '../src/software/exits.ts';

const exit = (detail: string) => ({ exitCode: undefined, signal: undefined, detail });

describe('the exit table', () => {
  test('keeps a notice that comes before it is waited for', async () => {
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

  test('keeps nothing of an end that was told', async () => {
    const exits = createExitTable();
    for (let enclave = 0n; enclave < 1000n; enclave += 1n) {
      const waiting = exits.of(enclave);
      exits.settle(enclave, exit('waited for'));
      await waiting;
      exits.settle(-enclave - 1n, exit('early'));
      await exits.of(-enclave - 1n);
    }
    assert.equal(exits.size, 0);
  });

  test('keeps a bounded number of notices that are not asked for, the newest ones', async () => {
    const exits = createExitTable();
    for (let enclave = 1n; enclave <= 5000n; enclave += 1n) exits.settle(enclave, exit(String(enclave)));
    assert.equal(exits.size, 1024);
    assert.equal((await exits.of(5000n)).detail, '5000');
    assert.equal((await exits.of(3977n)).detail, '3977');
  });
});
