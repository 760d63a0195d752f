import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { innerErrorOf } from '../src/host/inner-error.ts';

const said = (message: string): EnclosError => new EnclosError('ENCLAVE_APPLICATION_ERROR', message);

test('what the enclave refused with keeps its code, and gets the advice of that code', () => {
  const error = innerErrorOf(said('INFERENCE_MODEL_REFUSED: The file is another one.'));
  assert.ok(isEnclosError(error, 'INFERENCE_MODEL_REFUSED'));
  assert.equal(error.message, 'The file is another one.');
  assert.match(error.next, /SHA-256/);
  assert.ok(isEnclosError(innerErrorOf(said('MODEL_MANIFEST_INVALID: It has a mistake.')), 'MODEL_MANIFEST_INVALID'));
});

test('codes that no package declares, other texts and other errors stay as they are', () => {
  for (const error of [said('NOT_A_CODE: a'), said('a'), said(''), new EnclosError('ENGINE_BUSY'), new Error('a'), 7]) {
    assert.equal(innerErrorOf(error), error);
  }
});
