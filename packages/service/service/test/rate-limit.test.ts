import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { createClientRateLimit, createRateLimit } from '../src/rates/index.ts';

describe('a rate limit', () => {
  it('is a bucket that fills with time', () => {
    let now = 0;
    const limit = createRateLimit(2, () => now);
    const seconds = (): unknown => {
      try {
        limit.take();
        return undefined;
      } catch (error) {
        assert.ok(isEnclosError(error, 'SERVICE_RATE_LIMITED'));
        return error.details['retryAfterSeconds'];
      }
    };
    assert.deepEqual([seconds(), seconds(), seconds()], [undefined, undefined, 1]);
    now = 500;
    assert.deepEqual([seconds(), seconds()], [undefined, 1]);
    now = 100_000;
    assert.deepEqual([seconds(), seconds(), seconds()], [undefined, undefined, 1]);
    now = 0;
    assert.equal(seconds(), 1, 'a clock that goes back gives nothing');
  });

  it('may be slower than one a second, and tells how long to wait', () => {
    const limit = createRateLimit(0.1, () => 0);
    limit.take();
    assert.throws(() => limit.take(), { code: 'SERVICE_RATE_LIMITED', details: { retryAfterSeconds: 10 } });
  });

  it('remembers no more than a few thousand clients', () => {
    const limit = createClientRateLimit(1, () => 0);
    limit.take('first');
    assert.throws(() => limit.take('first'), { code: 'SERVICE_RATE_LIMITED' });
    for (let index = 0; index < 4095; index++) limit.take(`client ${index}`);
    assert.throws(() => limit.take('first'), { code: 'SERVICE_RATE_LIMITED' }, 'it asked, so it is kept');
    for (let index = 4095; index < 8191; index++) limit.take(`client ${index}`);
    limit.take('first');
  });
});
