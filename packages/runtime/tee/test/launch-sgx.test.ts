import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { until } from '@enclos/testkit';
import { connectSoftwarePlatform, type SgxLaunchRequest, type SoftwareLauncher } from '../src/index.ts';
import { startFakePlatform, type FakeOptions, type FakePlatform } from './fake-platform.ts';

async function connected(
  t: TestContext,
  options?: FakeOptions,
): Promise<{ readonly platform: FakePlatform; readonly launcher: SoftwareLauncher }> {
  const platform = await startFakePlatform(options);
  t.after(() => platform.close());
  platform.listenAtGate();
  const launcher = await connectSoftwarePlatform(platform.socketPath);
  t.after(() => launcher.close());
  return { platform, launcher };
}

const request = (changes: Partial<SgxLaunchRequest> = {}): SgxLaunchRequest => ({
  stream: [new Uint8Array(64), new Uint8Array(320)],
  enclaveBytes: 1n << 20n,
  threads: 2,
  arenaBytes: 4 << 20,
  fastExit: false,
  signature: new Uint8Array(1808),
  attributes: { flags: 4n, xfrm: 7n },
  miscSelect: 1,
  isolation: 'best',
  ...changes,
});

describe('the launch of an SGX image', () => {
  test('announces it, connects its gates, sends the pieces in order and initialises it', async (t) => {
    const { platform, launcher } = await connected(t);
    const launched = await launcher.launchSgx(request());
    assert.deepEqual(platform.asked, ['createSgx 2', 'addSgx 8 64', 'addSgx 8 320', 'initializeSgx 8 4 7 1']);
    assert.equal(launched.gates.length, 2);
    assert.ok(launched.gates.every((gate) => gate.isPaused()));
    assert.equal(launched.identity.productId, 3);
    await launched.terminate();
    assert.equal((await launched.exited).signal, 'SIGKILL');
  });

  test('takes pieces that come later, and whose memory is used again', async (t) => {
    const { platform, launcher } = await connected(t);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      const memory = new Uint8Array(640);
      for (const bytes of [64, 320, 640]) yield memory.subarray(0, bytes);
    }
    await launcher.launchSgx(request({ stream: pieces() }));
    assert.deepEqual(platform.asked.slice(1, 4), ['addSgx 8 64', 'addSgx 8 320', 'addSgx 8 640']);
  });

  test('sends large pieces as they were when it took them, although all of them use the same memory', async (t) => {
    const seen: number[] = [];
    const { launcher } = await connected(t, {
      onPiece: (piece) => void seen.push(...(piece === undefined ? [] : new Set(piece))),
    });
    function* pieces(): Generator<Uint8Array> {
      const memory = new Uint8Array(2 ** 20);
      for (let i = 1; i <= 12; i += 1) yield memory.fill(i);
      memory.fill(0);
    }
    await launcher.launchSgx(request({ stream: pieces() }));
    assert.deepEqual(
      seen,
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
  });

  test('that is refused in the middle gives the launch back, and closes the gates', async (t) => {
    const { platform, launcher } = await connected(t, {
      onPiece: () => {
        throw new TypeError('not for hosts');
      },
    });
    await assert.rejects(launcher.launchSgx(request()), { code: 'TEE_PLATFORM_FAILED' });
    await until('it is given back', () => platform.asked.includes('addSgx 8 0'));
    assert.ok(!platform.asked.some((line) => line.startsWith('initializeSgx')));
  });

  test('whose stream fails gives the launch back', async (t) => {
    const { platform, launcher } = await connected(t);
    function* broken(): Generator<Uint8Array> {
      yield new Uint8Array(64);
      throw new RangeError('the file has ended');
    }
    await assert.rejects(launcher.launchSgx(request({ stream: broken() })), /the file has ended/);
    await until('it is given back', () => platform.asked.includes('addSgx 8 0'));
  });

  test('with an empty piece is refused here', async (t) => {
    const { launcher } = await connected(t);
    await assert.rejects(launcher.launchSgx(request({ stream: [new Uint8Array()] })), {
      code: 'PLATFORM_UPLOAD_REFUSED',
    });
  });

  test('that is cancelled asks for nothing more', async (t) => {
    const { platform, launcher } = await connected(t);
    await assert.rejects(launcher.launchSgx(request({ signal: AbortSignal.abort() })), { code: 'GATE_CANCELLED' });
    assert.deepEqual(platform.asked, []);
    const abort = new AbortController();
    function* aborting(): Generator<Uint8Array> {
      yield new Uint8Array(64);
      abort.abort();
      yield new Uint8Array(320);
    }
    await assert.rejects(launcher.launchSgx(request({ stream: aborting(), signal: abort.signal })), {
      code: 'GATE_CANCELLED',
    });
    await until('it is given back', () => platform.asked.includes('addSgx 8 0'));
    assert.ok(!platform.asked.some((line) => line === 'addSgx 8 320'));
  });

  test('has quotes for its reports', async (t) => {
    const { launcher } = await connected(t);
    assert.equal((await launcher.quotingTarget()).length, 512);
    assert.deepEqual(await launcher.quote(new Uint8Array(432).fill(6)), new Uint8Array(8).fill(6));
  });
});
