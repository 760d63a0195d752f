import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { Refusal } from '../src/refusal.ts';
import { errorAnswerOf, serviceErrorNames } from '../src/routes/index.ts';

const answer = (error: unknown) => errorAnswerOf(error, serviceErrorNames);

test('a refusal is answered with its text, under the name of its code', () => {
  const explanation = { rule: 'secret', nested: { a: 1 } };
  const told = answer(new Refusal('SERVICE_NOT_FOUND', 'There is no such note.', { explanation }));
  const { status, name, message, isFault } = told;
  assert.deepEqual([status, name, message, isFault], [404, 'NotFound', 'There is no such note.', false]);
  assert.deepEqual([told.explanation, told.headers], [explanation, {}]);
});

test('facts that HTTP has headers for become headers, and nothing else does', () => {
  const details = { allow: 'GET, PUT', challenge: 'Bearer', retryAfterSeconds: 7, other: 'text' };
  assert.deepEqual(answer(new Refusal('SERVICE_RATE_LIMITED', 'Wait.', { details })).headers, {
    allow: 'GET, PUT',
    'www-authenticate': 'Bearer',
    'retry-after': '7',
  });
});

test('an error that is not a refusal is a fault without its text, whatever its code', () => {
  for (const error of [
    new EnclosError('SERVICE_NOT_FOUND', 'secret text'),
    new EnclosError('CODEC_INVALID', 'secret text'),
    new Refusal('CODEC_INVALID', 'secret text'),
    new TypeError('secret text'),
    'secret text',
    undefined,
  ]) {
    const told = answer(error);
    assert.deepEqual([told.status, told.name, told.isFault, told.headers], [500, 'InternalError', true, {}]);
    assert.equal(JSON.stringify(told).includes('secret'), false);
  }
});

test('a transient fault says that trying again may help, and no more', () => {
  const told = answer(new EnclosError('SERVICE_STORE_UNAVAILABLE', 'secret text'));
  assert.deepEqual([told.status, told.name, told.isFault], [503, 'ServiceUnavailable', true]);
  assert.deepEqual(told.headers, { 'retry-after': '5' });
  assert.equal(JSON.stringify(told).includes('secret'), false);
});
