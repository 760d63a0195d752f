import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declaredErrors, EnclosError, isEnclosError, isErrorCode, type ErrorCode } from '../src/index.ts';
import './paint-errors.ts';

test('EnclosError takes message, kind and next step from the declaration', () => {
  const error = new EnclosError('PAINT_WET');
  const entry = declaredErrors.get('PAINT_WET');
  assert.equal(error.code, 'PAINT_WET');
  assert.equal(error.message, entry?.summary);
  assert.equal(error.kind, entry?.kind);
  assert.equal(error.next, entry?.next);
  assert.equal(error.name, 'EnclosError');
  assert.ok(error instanceof Error);
});

test('EnclosError keeps a message of its own and its cause', () => {
  const cause = new Error('below');
  const error = new EnclosError('PAINT_EMPTY', 'There is no bucket.', { cause });
  assert.equal(error.message, 'There is no bucket.');
  assert.equal(error.cause, cause);
  assert.equal(Object.hasOwn(new EnclosError('PAINT_EMPTY'), 'cause'), false);
});

test('EnclosError takes advice for this time, or that for its code', () => {
  const { next } = new EnclosError('PAINT_EMPTY');
  assert.equal(new EnclosError('PAINT_EMPTY', undefined, { next: 'Look behind you.' }).next, 'Look behind you.');
  assert.equal(new EnclosError('PAINT_EMPTY', undefined, { next: undefined }).next, next);
});

test('EnclosError copies its details and freezes the copy', () => {
  const details = { offset: 4 };
  const error = new EnclosError('PAINT_EMPTY', undefined, { details });
  details.offset = 5;
  assert.deepEqual(error.details, { offset: 4 });
  assert.ok(Object.isFrozen(error.details));
  assert.ok(Object.isFrozen(new EnclosError('PAINT_EMPTY').details));
});

test('isEnclosError() tells codes apart', () => {
  const error: unknown = new EnclosError('PAINT_EMPTY');
  assert.ok(isEnclosError(error));
  assert.ok(isEnclosError(error, 'PAINT_EMPTY'));
  assert.equal(isEnclosError(error, 'PAINT_WET'), false);
});

test('isEnclosError() refuses everything else', () => {
  for (const value of [undefined, null, 'PAINT_EMPTY', 7, {}, new Error('x'), { code: 'PAINT_EMPTY' }]) {
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
  const error: unknown = Reflect.construct(SecondError, ['PAINT_EMPTY']);
  assert.ok(isEnclosError(error, 'PAINT_EMPTY'));
  assert.ok(error instanceof EnclosError);
  assert.equal(Object.getPrototypeOf(error) === EnclosError.prototype, false);
});

test('the brand is not enumerable, so that it shows in no log or copy', () => {
  const error = new EnclosError('PAINT_EMPTY');
  const [brand] = Object.getOwnPropertySymbols(error);
  assert.ok(brand !== undefined);
  assert.equal(Object.getOwnPropertyDescriptor(error, brand)?.enumerable, false);
});

test('isErrorCode() knows declared codes only, and not a name that every object has', () => {
  assert.ok(isErrorCode('PAINT_EMPTY'));
  for (const name of ['', 'paint_empty', 'NOT_A_CODE', 'constructor', '__proto__', 'toString']) {
    assert.equal(isErrorCode(name), false, name);
  }
});

test('a code that no loaded package declares still makes an error of that code, of kind refused', () => {
  const code: string = 'BRUSH_LOST';
  const error = new EnclosError(code as ErrorCode);
  assert.deepEqual([error.code, error.kind, error.message], ['BRUSH_LOST', 'refused', 'It was refused.']);
});
