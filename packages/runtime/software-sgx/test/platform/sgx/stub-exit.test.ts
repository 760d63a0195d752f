import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StubExit } from '@enclos/sgx-stub/wire';
import { describeStubExit } from '../../../src/platform/sgx/stub-exit.ts';

const ended = { code: null, signal: null, hasStarted: true };
const sentence = (end: Partial<Parameters<typeof describeStubExit>[0]>): string =>
  describeStubExit({ ...ended, ...end }).detail;

describe('the reason for the end of an SGX image', () => {
  test("is the stub's own before code of the enclave could run", () => {
    assert.match(sentence({ code: StubExit.NO_MEMORY, hasStarted: false }), /^There was no memory for the range/);
    assert.match(sentence({ code: 128 + 9, hasStarted: false }), /^The enclave was ended by SIGKILL/);
    assert.match(sentence({ code: 3, hasStarted: false }), /ended with code 3 before the enclave ran/);
  });

  test('says no code as a fact that the enclave can choose', () => {
    // Those of the stub, those with which a wrapper reports a signal, and any other.
    for (const code of [...Object.values(StubExit), 128 + 9, 128 + 31, 0, 1, 255]) {
      assert.match(
        sentence({ code }),
        new RegExp(`^The process of the enclave ended with code ${code}\\. Code in the`),
      );
    }
    assert.match(sentence({ code: StubExit.GATE_BROKEN }), /if it did not, this is why: The host closed a gate/);
  });

  test('is the signal, which the kernel says', () => {
    assert.match(sentence({ signal: 'SIGSYS' }), /system call that its filter does not have/);
    assert.equal(sentence({ signal: 'SIGKILL' }), 'The enclave was ended by SIGKILL.');
  });

  test("is the platform's, when it ended the process for a reason", () => {
    const endedFor = 'The platform ended it.';
    assert.equal(sentence({ signal: 'SIGKILL', endedFor }), endedFor);
    assert.equal(sentence({ code: 128 + 9, endedFor }), endedFor);
    // It had ended by itself before.
    assert.notEqual(sentence({ code: 70, endedFor }), endedFor);
    assert.match(sentence({ signal: 'SIGSYS', endedFor }), /SIGSYS/);
  });
});
