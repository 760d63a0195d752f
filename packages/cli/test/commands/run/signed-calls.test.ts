import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { callFailure } from '../../../src/signed/call-failure.ts';
import { loadHandlers } from '../../../src/signed/handlers.ts';
import { plannedCall } from '../../../src/signed/calls.ts';
import { temporaryFolder } from '../../cli.ts';
import { jsonOfValue, valueOfJson } from '../../../src/signed/values.ts';

describe('values of calls in JSON', () => {
  test('are bytes, large integers, and what JSON has', () => {
    const json = {
      a: 1,
      b: { hex: '00FF' },
      c: [{ integer: '18446744073709551615' }, null, true],
      d: { hex: 'x', e: 1 },
    };
    assert.deepEqual(valueOfJson(json), {
      a: 1,
      b: Uint8Array.of(0, 255),
      c: [2n ** 64n - 1n, null, true],
      d: { hex: 'x', e: 1 },
    });
    const result = {
      small: 5n,
      large: 2n ** 63n,
      bytes: Uint8Array.of(1, 171),
      numbers: Int32Array.of(-1, 2),
      words: BigUint64Array.of(3n),
      list: [{ text: 'a' }],
      nothing: null,
    };
    assert.equal(
      JSON.stringify(jsonOfValue(result)),
      '{"small":5,"large":{"integer":"9223372036854775808"},"bytes":{"hex":"01ab"},"numbers":[-1,2],"words":[3],"list":[{"text":"a"}],"nothing":null}',
    );
    assert.equal(jsonOfValue(undefined), null);
  });

  test('are refused when they are neither', () => {
    for (const wrong of [
      { hex: '0' },
      { hex: 'zz' },
      { integer: '1.5' },
      { integer: '' },
      { integer: '1'.repeat(30) },
    ]) {
      assert.throws(() => valueOfJson(wrong), /is not/);
    }
  });

  test('follow the name of the call', () => {
    const ecalls = [
      { name: 'add', isPublic: true },
      { name: 'adds', isPublic: false },
    ];
    assert.deepEqual(plannedCall('add', ecalls), { name: 'add', values: {} });
    assert.deepEqual(plannedCall(' add {"a": 1}', ecalls), { name: 'add', values: { a: 1 } });
    for (const [text, problem] of [
      ['', /does not begin with the name/],
      ['{"a": 1}', /does not begin with the name/],
      ['ad', /no public ECALL ad\. Did you mean add\?/],
      ['adds', /adds is not public: only the handler of an OCALL/],
      ['add 5', /not a JSON object/],
      ['add [1]', /not a JSON object/],
      ['add {"a": 1', /not JSON/],
      ['add {"a": 1, "a": 2}', /not JSON/],
    ] as const) {
      assert.throws(() => plannedCall(text, ecalls), problem);
    }
  });
});

describe('the failure of a call', () => {
  test('names the call, and says what a handler threw', () => {
    const cause = new Error('the disk is full');
    const lost = callFailure('add', new EnclosError('ENCLAVE_LOST', 'The enclave is gone.', { cause }));
    assert.ok(lost instanceof EnclosError);
    assert.equal(lost.message, 'add: The enclave is gone. An OCALL had failed: the disk is full');
    assert.equal(lost.code, 'ENCLAVE_LOST');
    const named = new EnclosError('EDL_VALUE_REFUSED', 'add.a: it is missing.');
    assert.equal(callFailure('add', named), named);
    assert.equal(callFailure('add', cause), cause);
  });

  test('comes before it when the module of handlers is not there, or throws', async () => {
    for (const path of ['/nowhere/ocalls.ts', '/']) {
      await assert.rejects(loadHandlers(path), { code: 'CLI_FILE_UNREADABLE', message: /^--ocalls: .*\/.*\.$/ });
    }
    const throwing = join(temporaryFolder(), 'ocalls.ts');
    writeFileSync(throwing, "throw new Error('no configuration');");
    await assert.rejects(loadHandlers(throwing), {
      code: 'CLI_FILE_INVALID',
      message: `${throwing} throws when it is loaded: no configuration`,
    });
  });
});
