import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { encodeFrame, FrameKind } from '@enclos/gate';
import { until } from '@enclos/testkit';
import { connectSoftwarePlatform, MAX_IMAGE_CHUNK_BYTES, type LaunchRequest } from '../src/index.ts';
import { startFakePlatform, type FakeOptions, type FakePlatform } from './fake-platform.ts';

async function fake(t: TestContext, options?: FakeOptions): Promise<FakePlatform> {
  const platform = await startFakePlatform(options);
  t.after(() => platform.close());
  return platform;
}

const request = (changes: Partial<LaunchRequest> = {}): LaunchRequest => ({
  image: new Uint8Array(MAX_IMAGE_CHUNK_BYTES + 5),
  signature: new Uint8Array(1808),
  debug: false,
  isolation: 'best',
  ...changes,
});

describe('a connection to a platform', () => {
  test('that is not there is refused, and the message says why', async () => {
    for (const folder of ['/nonexistent', `/nonexistent/${'d'.repeat(150)}`]) {
      const message = `No platform answers at ${folder}/platform.sock: there is no such file.`;
      const refusal = { code: 'TEE_PLATFORM_UNREACHABLE', message };
      await assert.rejects(connectSoftwarePlatform(`${folder}/platform.sock`), refusal);
    }
  });

  const others: readonly [what: string, says: Uint8Array, code: string][] = [
    ['that is something else', new Uint8Array(64).fill(0xa5), 'GATE_PROTOCOL_VIOLATION'],
    ['that speaks another version', hello('another protocol'), 'TEE_PROTOCOL_MISMATCH'],
  ];
  for (const [what, says, code] of others) {
    test(`${what} is refused`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'enclos-tee-'));
      const server = createServer((socket) => socket.on('error', () => undefined).write(says));
      t.after(() => {
        server.close();
        rmSync(folder, { recursive: true });
      });
      await once(server.listen(join(folder, 's')), 'listening');
      await assert.rejects(connectSoftwarePlatform(join(folder, 's')), { code });
    });
  }

  test('waits for a platform that is not there yet, and says so once', async (t) => {
    const platform = await fake(t);
    const folder = mkdtempSync(join(tmpdir(), 'enclos-tee-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'p.sock');
    const said: string[] = [];
    const launcher = await connectSoftwarePlatform(path, {
      waitMs: 60_000,
      waiting: (reason) => {
        said.push(reason.code);
        symlinkSync(platform.socketPath, path);
      },
    });
    assert.deepEqual(said, ['TEE_PLATFORM_UNREACHABLE']);
    await launcher.close();
    await launcher.closed;
  });

  test('does not wait where waiting does not help, nor after the signal', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'enclos-tee-'));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'file'), '');
    const never = (): void => assert.fail('it waits');
    const refusal = { code: 'TEE_PLATFORM_UNREACHABLE' };
    await assert.rejects(
      connectSoftwarePlatform(join(folder, 'file/p.sock'), { waitMs: 60_000, waiting: never }),
      refusal,
    );
    const abort = new AbortController();
    const patience = { waitMs: 60_000, signal: abort.signal, waiting: () => abort.abort() };
    await assert.rejects(connectSoftwarePlatform(join(folder, 'p.sock'), patience), refusal);
  });

  test('carries the refusals of the platform', async (t) => {
    const platform = await fake(t);
    const launcher = await connectSoftwarePlatform(platform.socketPath);
    await assert.rejects(launcher.describe(), { code: 'PLATFORM_BUSY' });
    await launcher.close();
  });

  test('that is lost answers every call, and every later one', async (t) => {
    const platform = await fake(t);
    const launcher = await connectSoftwarePlatform(platform.socketPath);
    const pending = launcher.endorsements();
    platform.die();
    await assert.rejects(pending, { code: 'TEE_PLATFORM_LOST' });
    await assert.rejects(launcher.describe(), { code: 'TEE_PLATFORM_LOST' });
    await launcher.close();
  });
});

describe('a launch', () => {
  test('sends the image in pieces, connects to the gate, and ends when it is told', async (t) => {
    const platform = await fake(t);
    platform.listenAtGate();
    const launcher = await connectSoftwarePlatform(platform.socketPath);
    const launched = await launcher.launch(request());
    const upload = [`create ${MAX_IMAGE_CHUNK_BYTES + 5}`, `add 7 ${MAX_IMAGE_CHUNK_BYTES}`, 'add 7 5', 'initialize 7'];
    assert.deepEqual(platform.asked, upload);
    assert.equal(launched.identity.productId, 3);
    launched.gate.write('echo');
    const answer = once(launched.gate, 'data');
    launched.gate.resume();
    const [chunk] = (await answer) as [Uint8Array];
    assert.deepEqual(chunk, new TextEncoder().encode('echo'));
    await launched.terminate();
    await launched.terminate();
    assert.deepEqual(await launched.exited, { exitCode: undefined, signal: 'SIGKILL', detail: 'ended' });
    launched.gate.destroy();
    await launcher.close();
  });

  test('whose gate is not there ends its enclave', async (t) => {
    const platform = await fake(t);
    const launcher = await connectSoftwarePlatform(platform.socketPath);
    await assert.rejects(launcher.launch(request()), { code: 'TEE_PLATFORM_UNREACHABLE' });
    assert.equal(platform.asked.at(-1), 'terminate 10');
    await launcher.close();
  });

  test('opens the passage that it is told before it connects to the gate', async (t) => {
    const platform = await fake(t, { passage: 'p' });
    const launcher = await connectSoftwarePlatform(platform.socketPath);
    const opened: string[] = [];
    const launched = await launcher.launch(
      request({
        openPassage: async (path) => {
          opened.push(basename(path));
          // Before this nothing listens at the gate, and connecting to it would fail.
          platform.listenAtGate();
        },
      }),
    );
    assert.deepEqual(opened, ['p']);
    assert.equal(platform.asked.at(-1), 'initialize 7 passes');
    assert.equal(launched.relayedWhy, undefined);
    await launched.terminate();
    launched.gate.destroy();
    await launcher.close();
  });

  test('whose platform decided that nothing is passed opens no passage, and learns why', async (t) => {
    const platform = await fake(t, { relayedWhy: 'this machine lets no socket into an enclave.' });
    platform.listenAtGate();
    const launcher = await connectSoftwarePlatform(platform.socketPath);
    const launched = await launcher.launch(request({ openPassage: () => assert.fail('it opens one') }));
    assert.equal(platform.asked.at(-1), 'initialize 7 passes');
    assert.equal(launched.relayedWhy, 'this machine lets no socket into an enclave.');
    await launched.terminate();
    launched.gate.destroy();
    await launcher.close();
  });

  test('whose passage cannot be opened ends its enclave, with the error of the host', async (t) => {
    const platform = await fake(t, { passage: 'p' });
    platform.listenAtGate();
    const launcher = await connectSoftwarePlatform(platform.socketPath);
    const openPassage = (): Promise<void> => Promise.reject(new TypeError('of the host'));
    await assert.rejects(launcher.launch(request({ openPassage })), { name: 'TypeError', message: 'of the host' });
    assert.equal(platform.asked.at(-1), 'terminate 10');
    await launcher.close();
  });

  test('that is told a passage for a host that passes nothing ends its enclave', async (t) => {
    const platform = await fake(t, { passage: 'p' });
    platform.listenAtGate();
    const launcher = await connectSoftwarePlatform(platform.socketPath);
    await assert.rejects(launcher.launch(request()), { code: 'TEE_PROTOCOL_MISMATCH' });
    assert.deepEqual(platform.asked.slice(-2), ['initialize 7', 'terminate 10']);
    await launcher.close();
  });

  test('whose platform dies has ended', async (t) => {
    const platform = await fake(t);
    platform.listenAtGate();
    const launcher = await connectSoftwarePlatform(platform.socketPath);
    const launched = await launcher.launch(request());
    platform.die();
    assert.match((await launched.exited).detail, /platform process is gone/);
    await launched.terminate();
    launched.gate.destroy();
    await launcher.close();
  });

  test('that is cancelled between two pieces gives its upload back', async (t) => {
    const cancel = new AbortController();
    const platform = await fake(t, { onPiece: () => cancel.abort() });
    const launcher = await connectSoftwarePlatform(platform.socketPath);
    const image = new Uint8Array(6 * MAX_IMAGE_CHUNK_BYTES);
    await assert.rejects(launcher.launch(request({ image, signal: cancel.signal })), { code: 'GATE_CANCELLED' });
    await assert.rejects(launcher.describe(), { code: 'PLATFORM_BUSY' });
    const piece = `add 7 ${MAX_IMAGE_CHUNK_BYTES}`;
    assert.deepEqual(platform.asked.slice(1), [piece, piece, piece, piece, 'add 7 0']);
    await launcher.close();
  });

  test('has four pieces on their way at once, and no more', async (t) => {
    let answer = (): void => assert.fail('no piece waits');
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const platform = await fake(t, { onPiece: () => answered });
    platform.listenAtGate();
    const launcher = await connectSoftwarePlatform(platform.socketPath);
    const launching = launcher.launch(request({ image: new Uint8Array(6 * MAX_IMAGE_CHUNK_BYTES) }));
    await until('four pieces have come', () => platform.asked.length === 5);
    // A fifth would come before the answer to a call that was made after it.
    await assert.rejects(launcher.describe(), { code: 'PLATFORM_BUSY' });
    assert.equal(platform.asked.length, 5);
    answer();
    const { gate } = await launching;
    assert.equal(platform.asked.length, 8);
    gate.destroy();
    await launcher.close();
  });

  test('whose piece is refused ends with the reason, and gives its upload back', async (t) => {
    const platform = await fake(t, {
      onPiece() {
        throw new EnclosError('PLATFORM_UPLOAD_REFUSED');
      },
    });
    const launcher = await connectSoftwarePlatform(platform.socketPath);
    const image = new Uint8Array(3 * MAX_IMAGE_CHUNK_BYTES);
    await assert.rejects(launcher.launch(request({ image })), { code: 'PLATFORM_UPLOAD_REFUSED' });
    await assert.rejects(launcher.describe(), { code: 'PLATFORM_BUSY' });
    assert.equal(platform.asked.at(-1), 'add 7 0');
    await launcher.close();
  });

  test('that is cancelled before it begins sends nothing', async (t) => {
    const platform = await fake(t);
    const launcher = await connectSoftwarePlatform(platform.socketPath);
    await assert.rejects(launcher.launch(request({ signal: AbortSignal.abort() })), { code: 'GATE_CANCELLED' });
    assert.deepEqual(platform.asked, []);
    await launcher.close();
  });
});

function hello(text: string): Uint8Array {
  const fields = { table: 0, functionIndex: 0, callId: 0, parentCallId: 0, timeoutMs: 0 };
  return encodeFrame({ kind: FrameKind.HELLO, ...fields, payload: utf8(text) });
}
