import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { loadEnclave, superviseEnclave } from '../src/index.ts';
import { createInProcessLauncher, loadOptions } from './in-process-enclave.ts';

type Untyped = Record<string, (...values: readonly unknown[]) => Promise<unknown>>;

/** As JavaScript sees the functions. */
function untyped(call: object): Untyped {
  return call as Untyped;
}

async function refusal(promise: Promise<unknown>): Promise<EnclosError> {
  const error: unknown = await promise.then(
    () => assert.fail('It was not refused.'),
    (thrown: unknown) => thrown,
  );
  assert.ok(isEnclosError(error));
  return error;
}

/** Without those of Node, which ran what was waiting. */
function framesOf({ stack = '' }: Error): readonly string[] {
  return stack
    .split('\n    at ')
    .slice(1)
    .filter((frame) => !frame.includes('node:'));
}

describe('a call from JavaScript', () => {
  const cases: readonly (readonly [name: string, values: readonly unknown[], message: RegExp])[] = [
    [
      'echo',
      [{ text: 'a' }, 5],
      /^The call echo\(\) got a number for its options, which are an object with "timeoutMs" and "signal"\.$/,
    ],
    ['echo', [{ text: 'a' }, null], /got a null for its options/],
    [
      'echo',
      [{ text: 'a' }, {}, { timeoutMs: 5 }],
      /^The call echo\(\) got an argument too many\. .*options \("timeoutMs" and "signal"\) come last\.$/,
    ],
    // Its arguments are none, so the options come first.
    ['hold', [{}, { timeoutMs: 5 }], /^The call hold\(\) got an argument too many/],
    ['hold', [undefined, undefined, 1], /got 2 arguments too many/],
    [
      'echo',
      [{ text: 'a' }, { deadlineMs: 5 }],
      /^The call echo\(\) has no option "deadlineMs"; there are "timeoutMs" and "signal"\.$/,
    ],
    ['echo', [{ text: 'a' }, { timeoutMS: 5 }], /Did you mean "timeoutMs"\?$/],
    ['echo', [{ text: 'a' }, { timeoutMs: '5' }], /takes "timeoutMs" in milliseconds, as a number\.$/],
    ['echo', [{ text: 'a' }, { signal: 'stop' }], /takes an AbortSignal as "signal"\.$/],
  ];
  for (const observed of [false, true]) {
    test(`with wrong options is refused, and says which there are${observed ? ', also when it is observed' : ''}`, async () => {
      const instrumentation = observed ? { instrumentation: {} } : {};
      const enclave = await loadEnclave({ ...loadOptions(createInProcessLauncher()), ...instrumentation });
      const call = untyped(enclave.call);
      for (const [name, values, message] of cases) {
        const error = await refusal(call[name]?.(...values) ?? assert.fail(name));
        assert.equal(error.code, 'HOST_OPTION_INVALID');
        assert.match(error.message, message);
      }
      const { signal } = new AbortController();
      assert.equal(await call['echo']?.({ text: 'a' }, { timeoutMs: 5000, signal }), 'a');
      assert.equal(await call['echo']?.({ text: 'a' }, { timeoutMs: undefined }), 'a');
      assert.equal(await call['echo']?.({ text: 'a' }, undefined), 'a');
      await enclave.dispose();
    });
  }
});

describe('a call without a deadline', () => {
  for (const load of [loadEnclave, superviseEnclave]) {
    test(`has the default one: ${load.name}`, async () => {
      const enclave = await load({ ...loadOptions(createInProcessLauncher()), callTimeoutMs: 80 });
      const began = performance.now();
      const error = await refusal(enclave.call.hold());
      assert.equal(error.code, 'GATE_DEADLINE');
      assert.equal(
        error.message,
        'The call hold() did not finish within 80 ms, the default. Give it a "timeoutMs", or set callTimeoutMs.',
      );
      assert.deepEqual(error.details, { timeoutMs: 80 });
      assert.ok(performance.now() - began >= 80);
      assert.equal(await enclave.call.echo({ text: 'goes on' }), 'goes on');
      await enclave.dispose();
    });
  }

  test('has one of its own, or none, where that is said', async () => {
    const enclave = await loadEnclave({ ...loadOptions(createInProcessLauncher()), callTimeoutMs: 80 });
    let endless: unknown = 'waits';
    const held = enclave.call.hold({ timeoutMs: Infinity }).catch((error: unknown) => (endless = error));
    const longer = await refusal(enclave.call.hold({ timeoutMs: 400 }));
    assert.deepEqual([longer.code, longer.message], ['GATE_DEADLINE', 'The call did not finish within 400 ms.']);
    assert.equal(endless, 'waits');
    await enclave.dispose();
    await held;
    assert.ok(isEnclosError(endless, 'ENCLAVE_LOST'));
  });

  test('waits where the default is switched off', async () => {
    const enclave = await loadEnclave({ ...loadOptions(createInProcessLauncher()), callTimeoutMs: Infinity });
    let endless: unknown = 'waits';
    const held = enclave.call.hold().catch((error: unknown) => (endless = error));
    await refusal(enclave.call.hold({ timeoutMs: 200 }));
    assert.equal(endless, 'waits');
    await enclave.dispose();
    await held;
    assert.ok(isEnclosError(endless, 'ENCLAVE_LOST'));
  });

  test('is refused a limit that is not a time', async () => {
    for (const wrong of [{ callTimeoutMs: 0 }, { callTimeoutMs: Number.NaN }, { disposeTimeoutMs: -1 }]) {
      const error = await refusal(loadEnclave({ ...loadOptions(createInProcessLauncher()), ...wrong }));
      assert.equal(error.code, 'HOST_OPTION_INVALID');
      assert.match(
        error.message,
        /^(?:callTimeoutMs|disposeTimeoutMs) is not a number from 1 to 2147483647, or Infinity\.$/,
      );
    }
  });
});

describe('the stack of a failed call', () => {
  test('is that of the code that waits for it', async () => {
    const enclave = await loadEnclave(loadOptions(createInProcessLauncher()));
    async function asksForIt(): Promise<void> {
      await enclave.call.fail();
    }
    async function givesTooMuch(): Promise<void> {
      await enclave.call.echo({ text: 'x'.repeat(100) });
    }
    for (const asks of [asksForIt, givesTooMuch]) {
      const frames = framesOf(await refusal(asks()));
      assert.match(frames[0] ?? '', new RegExp(`${asks.name} .*calls\\.test\\.[jt]s`));
      assert.ok(!frames.some((frame) => /packages.(?:host|edl|gate).src/.test(frame)), frames.join('\n'));
    }
    await enclave.dispose();
  });

  test('of a load is that of the code that loads', async () => {
    const launcher = createInProcessLauncher({
      start: () => Promise.reject(new EnclosError('ENCLAVE_START_FAILED', 'no')),
    });
    async function loads(): Promise<void> {
      await loadEnclave(loadOptions(launcher));
    }
    const error = await refusal(loads());
    assert.equal(error.code, 'ENCLAVE_START_FAILED');
    assert.match(framesOf(error)[0] ?? '', /loads .*calls\.test\.[jt]s/);
  });
});

describe('the end of an enclave', () => {
  test('is in the error of its pending calls', async () => {
    const launcher = createInProcessLauncher();
    const enclave = await loadEnclave(loadOptions(launcher));
    const lost = refusal(enclave.call.hold());
    launcher.enclaves[0]?.kill();
    const { code, message } = await lost;
    // One line: the fake launcher does not hold back the output of an enclave that is not for debugging.
    assert.deepEqual([code, message.split('\n')[0]], ['ENCLAVE_LOST', 'The enclave is gone. The enclave was ended.']);
    await enclave.dispose();
  });

  test('is not waited for without end by dispose', async () => {
    const launcher = createInProcessLauncher();
    const silent = {
      ...launcher,
      launch: async (request: Parameters<typeof launcher.launch>[0]) => {
        const launched = await launcher.launch(request);
        const never = new Promise<never>(() => undefined);
        return { ...launched, exited: never, terminate: () => never };
      },
    };
    const enclave = await loadEnclave({ ...loadOptions(silent), disposeTimeoutMs: 50 });
    const { code, message } = await refusal(enclave.dispose());
    assert.equal(code, 'TEE_PLATFORM_UNREACHABLE');
    assert.equal(message, 'The platform did not report the end of the enclave within 50 ms (disposeTimeoutMs).');
  });
});
