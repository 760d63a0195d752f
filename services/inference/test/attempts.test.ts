import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { EnclosError, type ErrorCode } from '@enclos/errors';
import '../src/errors.ts';
import { Attempts } from '../src/inside/attempts.ts';

interface Scene {
  readonly attempts: Attempts;
  /** How many attempts there were. */
  made: number;
  code: ErrorCode | undefined;
  /** Lets time pass in steps, and what follows from it happen. */
  pass(ms: number, meanwhile?: () => void): Promise<void>;
}

/** One kind of work that fails for as long as `code` says. */
function begun(t: TestContext, code: ErrorCode): Scene {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const attempts = new Attempts();
  const scene: Scene = {
    attempts,
    made: 0,
    code,
    async pass(ms, meanwhile = () => undefined) {
      for (let passed = 0; passed < ms; passed += 10) {
        meanwhile();
        t.mock.timers.tick(10);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
  const work = async (): Promise<void> => {
    scene.made += 1;
    if (scene.code !== undefined) throw new EnclosError(scene.code);
  };
  attempts.begin('model', work, () => undefined);
  t.after(() => attempts.close());
  return scene;
}

test('what passes by itself is tried again within 500 ms, and within 100 ms for those that wait for it', async (t) => {
  const scene = begun(t, 'MODEL_KEY_SERVICE_UNREACHABLE');
  await scene.pass(10_000);
  const alone = scene.made;
  assert.ok(alone >= 19 && alone <= 22, String(alone));
  // Each request asks, and none puts the next attempt off.
  await scene.pass(2000, () => scene.attempts.want('model'));
  const wanted = scene.made - alone;
  assert.ok(wanted >= 16 && wanted <= 20, String(wanted));
  scene.code = undefined;
  await scene.pass(120, () => scene.attempts.want('model'));
  const made = scene.made;
  await scene.pass(2000, () => scene.attempts.want('model'));
  assert.equal(scene.made, made);
});

test('what was refused is not tried more often because many ask', async (t) => {
  const scene = begun(t, 'MODEL_KEY_REFUSED');
  await scene.pass(10_000, () => scene.attempts.want('model'));
  assert.ok(scene.made <= 8, String(scene.made));
  assert.equal(scene.attempts.reasonFor('model'), 'MODEL_KEY_REFUSED');
});
