import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { interfaceDigest } from '@enclos/manifest';
import { defineInterface, func, uint8 } from '@enclos/edl';
import { goSkip } from './go-program.ts';
import { probeManifest, startProbe, text, type ProbeOptions, type ProbeProcess } from './probe-process.ts';

/** The functions of the probe: sdk/go/internal/probe. */
const Fn = Object.freeze({
  echo: 0,
  callHost: 1,
  fail: 2,
  panic: 3,
  wait: 4,
  waited: 5,
  log: 6,
  variable: 7,
  file: 10,
  callAlone: 11,
});

const none = new Uint8Array();
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'result',
    (error: unknown) => (isEnclosError(error) ? String(error.details['remoteCode'] ?? error.code) : String(error)),
  );

async function withProbe(options: ProbeOptions, use: (probe: ProbeProcess) => Promise<void>): Promise<void> {
  const probe = await startProbe(options);
  try {
    await probe.start(options.environment);
    await use(probe);
  } finally {
    await probe.close();
  }
}

test('calls go both ways, of any size, nested and alone', { skip: goSkip }, async () => {
  await withProbe({ dispatch: (call) => Uint8Array.of(...call.payload.subarray(0, 3), 9) }, async ({ call }) => {
    for (const size of [0, 1, 70_000, 300_000, 2 ** 20 - 20]) {
      const payload = new Uint8Array(size).fill(7);
      assert.deepEqual(await call(Fn.echo, payload), payload);
    }
    assert.deepEqual(await call(Fn.callHost, text('abcd')), Uint8Array.of(97, 98, 99, 9));
    assert.deepEqual(await call(Fn.callAlone, text('abcd')), Uint8Array.of(97, 98, 99, 9));
    const many = await Promise.all(Array.from({ length: 12 }, (_, i) => call(Fn.callHost, Uint8Array.of(i))));
    assert.deepEqual(
      many.map((answer) => answer[0]),
      Array.from({ length: 12 }, (_, i) => i),
    );
  });
});

test('errors keep to the codes that may cross, and no text leaves a production enclave', { skip: goSkip }, async () => {
  await withProbe({}, async ({ call }) => {
    for (const code of ['SEAL_NOT_OPENED', 'ENCLAVE_APPLICATION_ERROR', 'STREAM_BROKEN', 'GATE_BUSY']) {
      assert.equal(await codeOf(call(Fn.fail, text(code))), code);
    }
    assert.equal(await codeOf(call(Fn.fail, text('KEY_NOT_PERMITTED'))), 'ENCLAVE_CALL_FAILED');
    await assert.rejects(call(Fn.panic, none), {
      code: 'ENCLAVE_CALL_FAILED',
      message: 'The trusted function failed.',
    });
    assert.equal(await codeOf(call(99, none)), 'EDL_UNKNOWN_FUNCTION');
  });
});

test('a debug enclave says why a function failed', { skip: goSkip }, async () => {
  await withProbe({ manifest: { debug: true } }, async ({ call }) => {
    await assert.rejects(call(Fn.panic, none), { code: 'ENCLAVE_CALL_FAILED', message: /secret/ });
  });
});

test('a call that is given up ends its context, and its number is free again', { skip: goSkip }, async () => {
  await withProbe({}, async ({ call }) => {
    const stop = new AbortController();
    const waiting = call(Fn.wait, text('one'), { signal: stop.signal });
    await call(Fn.echo, none);
    stop.abort();
    assert.equal(await codeOf(waiting), 'GATE_CANCELLED');
    assert.equal(await codeOf(call(Fn.wait, text('two'), { timeoutMs: 20 })), 'GATE_DEADLINE');
    const given = [await call(Fn.waited, none), await call(Fn.waited, none)].map((bytes) =>
      Buffer.from(bytes).toString(),
    );
    assert.deepEqual(given.toSorted(), ['one', 'two']);
  });
});

test(
  'as many calls run at once as the manifest says, some wait, and the others are refused',
  { skip: goSkip },
  async () => {
    await withProbe({ limits: { maxPendingCalls: 64 } }, async ({ call }) => {
      const stop = new AbortController();
      const { threads, limits } = probeManifest;
      const held = Array.from({ length: threads + limits.maxQueuedCalls }, () =>
        codeOf(call(Fn.wait, none, { signal: stop.signal })),
      );
      assert.equal(await codeOf(call(Fn.echo, none)), 'GATE_BUSY');
      stop.abort();
      assert.deepEqual(new Set(await Promise.all(held)), new Set(['GATE_CANCELLED']));
      assert.equal(await codeOf(call(Fn.echo, none)), 'result');
    });
  },
);

test('log lines keep their level, and those above the level of the enclave stay inside', { skip: goSkip }, async () => {
  const lines: string[] = [];
  await withProbe({ onLog: (level, line) => lines.push(`${level} ${line}`) }, async ({ call }) => {
    await call(Fn.log, Uint8Array.of(2, ...text('a\nb')));
    await call(Fn.log, Uint8Array.of(3, ...text('detail')));
    await call(Fn.log, Uint8Array.of(0, ...text('last')));
    assert.deepEqual(lines, ['2 a\u23ceb', '0 last']);
  });
});

test('variables come from the manifest and from the host, and only declared ones', { skip: goSkip }, async () => {
  await withProbe({ environment: { REGION: 'north' } }, async ({ call }) => {
    assert.equal(Buffer.from(await call(Fn.variable, text('MODE'))).toString(), 'test');
    assert.equal(Buffer.from(await call(Fn.variable, text('REGION'))).toString(), 'north');
    assert.equal(await codeOf(call(Fn.variable, text('PATH'))), 'ENCLAVE_VARIABLE_NOT_DECLARED');
  });
  for (const environment of [{ MODE: 'other' }, { OTHER: 'x' }, { REGION: 'a\0b' }]) {
    const probe = await startProbe();
    assert.match(await codeOf(probe.start(environment)), /ENCLAVE_VARIABLE_NOT_DECLARED|EDL_VALUE_REFUSED/);
    assert.equal(await probe.exited, 4);
  }
});

test('embedded files have their content', { skip: goSkip }, async () => {
  const content = new Uint8Array(100_000).fill(5);
  await withProbe({ files: [{ path: '/a/b.bin', content }] }, async ({ call }) => {
    assert.deepEqual(await call(Fn.file, text('/a/b.bin')), content);
    assert.equal(await codeOf(call(Fn.file, text('/a'))), 'ENCLAVE_FILE_NOT_DECLARED');
  });
});

test('nothing is served before the start, and there is one start', { skip: goSkip }, async () => {
  const probe = await startProbe();
  assert.equal(await codeOf(probe.call(Fn.echo, none)), 'GATE_PROTOCOL_VIOLATION');
  await probe.start();
  assert.equal(await codeOf(probe.start()), 'GATE_PROTOCOL_VIOLATION');
  assert.equal(await codeOf(probe.call(Fn.echo, none)), 'result');
  await probe.close();
});

test('a host with another interface is refused', { skip: goSkip }, async () => {
  const other = defineInterface({ name: 'other', trusted: { f: func({ n: uint8() }) }, untrusted: {} });
  const probe = await startProbe({ interfaceDigest: interfaceDigest(other) });
  assert.equal(await codeOf(probe.start()), 'TEE_PLATFORM_LOST');
  assert.equal(await probe.exited, 0);
});

test('the program ends when its host or its platform is gone', { skip: goSkip }, async () => {
  const orphan = await startProbe();
  await orphan.start();
  await orphan.gate.close(new Error('gone'));
  assert.equal(await orphan.exited, 0);
});
