import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnclosError, errorRegistry, isEnclosError } from '../src/index.ts';

test('EnclosError takes message, kind and next step from the registry', () => {
  const error = new EnclosError('CODEC_TRUNCATED');
  const entry = errorRegistry.CODEC_TRUNCATED;
  assert.equal(error.code, 'CODEC_TRUNCATED');
  assert.equal(error.message, entry.summary);
  assert.equal(error.kind, entry.kind);
  assert.equal(error.next, entry.next);
  assert.equal(error.name, 'EnclosError');
  assert.ok(error instanceof Error);
});

test('EnclosError keeps a message of its own and its cause', () => {
  const cause = new Error('below');
  const error = new EnclosError('CODEC_INVALID', 'The length is not minimal.', { cause });
  assert.equal(error.message, 'The length is not minimal.');
  assert.equal(error.cause, cause);
  assert.equal(Object.hasOwn(new EnclosError('CODEC_INVALID'), 'cause'), false);
});

test('EnclosError copies its details and freezes the copy', () => {
  const details = { offset: 4 };
  const error = new EnclosError('CODEC_INVALID', undefined, { details });
  details.offset = 5;
  assert.deepEqual(error.details, { offset: 4 });
  assert.ok(Object.isFrozen(error.details));
  assert.ok(Object.isFrozen(new EnclosError('CODEC_INVALID').details));
});

test('isEnclosError() tells codes apart', () => {
  const error: unknown = new EnclosError('CODEC_INVALID');
  assert.ok(isEnclosError(error));
  assert.ok(isEnclosError(error, 'CODEC_INVALID'));
  assert.equal(isEnclosError(error, 'CODEC_TRUNCATED'), false);
});

test('isEnclosError() refuses everything else', () => {
  for (const value of [undefined, null, 'CODEC_INVALID', 7, {}, new Error('x'), { code: 'CODEC_INVALID' }]) {
    assert.equal(isEnclosError(value), false);
  }
});

test('isEnclosError() recognises an error made by a second copy of this package', async () => {
  // The query string makes the loader evaluate the module again, as a bundle with its own copy would.
  const secondCopy = new URL('../src/error.js?second-copy', import.meta.url).href;
  const second: unknown = await import(secondCopy);
  assert.ok(typeof second === 'object' && second !== null && 'EnclosError' in second);
  const SecondError = second.EnclosError;
  assert.notEqual(SecondError, EnclosError);
  assert.ok(typeof SecondError === 'function');
  const error: unknown = Reflect.construct(SecondError, ['CODEC_INVALID']);
  assert.ok(isEnclosError(error, 'CODEC_INVALID'));
  assert.ok(error instanceof EnclosError);
  assert.equal(Object.getPrototypeOf(error) === EnclosError.prototype, false);
});

test('the brand is not enumerable, so that it shows in no log or copy', () => {
  const error = new EnclosError('CODEC_INVALID');
  const [brand] = Object.getOwnPropertySymbols(error);
  assert.ok(brand !== undefined);
  assert.equal(Object.getOwnPropertyDescriptor(error, brand)?.enumerable, false);
});
