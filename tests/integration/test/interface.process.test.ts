import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { defineInterface, func, string } from '@enclos/edl';
import { isEnclosError } from '@enclos/errors';
import { loadEnclave, type LogLevel } from '@enclos/host';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { probe as probeInterface } from '@enclos/process-kit/enclaves/probe';
import {
  createWorkshop,
  descendants,
  loadProbe,
  outcome,
  seededBytes,
  withProbe,
  type Probe,
  type SignedImage,
} from '@enclos/process-kit';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let signed: SignedImage;
let debugSigned: SignedImage;
before(async () => {
  platform = await workshop.startPlatform('here');
  signed = await workshop.signed('probe');
  debugSigned = await workshop.signed('probe', { debug: true });
});
after(() => workshop.close());

/** What a promise was refused with. Anything else than an Enclos error fails the test. */
async function refusal(attempt: Promise<unknown>) {
  try {
    await attempt;
  } catch (error) {
    if (isEnclosError(error)) return error;
    throw error;
  }
  return assert.fail('It was accepted.');
}

describe('an interface', () => {
  test('that is not the one of the image is refused before anything starts', async () => {
    const { trusted, untrusted } = probeInterface;
    const { nest: _, ...fewer } = trusted;
    const others = [
      defineInterface({ name: 'other', trusted, untrusted }),
      defineInterface({ name: 'probe', trusted: fewer, untrusted }),
      defineInterface({
        name: 'probe',
        trusted,
        untrusted: { ...untrusted, answer: func({}, string({ maxBytes: 9 })) },
      }),
    ];
    for (const other of others) {
      const never = () => assert.fail('It was called.');
      const load = loadEnclave({
        ...signed,
        launcher: platform,
        isolation: 'best',
        interface: other,
        untrusted: { note: never, answer: never, nest: never, holding: never, aborted: never },
      });
      assert.equal(await outcome(load), 'HOST_INTERFACE_MISMATCH');
    }
    assert.deepEqual(descendants(platform.processId), []);
  });

  test('bounds what crosses, on the side that sends it', async () => {
    let notes = 0;
    const handlers = { note: () => void notes++, answer: () => 'more than eight' };
    await withProbe(
      platform,
      signed,
      async (call) => {
        const tooLong = await refusal(call.bounded({ text: '123456789', resultBytes: 0 }));
        assert.equal(tooLong.code, 'EDL_VALUE_REFUSED');
        assert.deepEqual(tooLong.details, { path: 'bounded.text' });

        const result = await refusal(call.bounded({ text: '', resultBytes: 9 }));
        assert.equal(result.code, 'EDL_VALUE_REFUSED');
        assert.match(result.message, /^bounded\(\)/);
        assert.equal(result.details['remote'], true);

        const toHost = await refusal(call.noteToHost({ noteBytes: 9 }));
        assert.equal(toHost.code, 'ENCLAVE_APPLICATION_ERROR');
        assert.match(toHost.message, /^EDL_VALUE_REFUSED note\.text/);
        assert.equal(notes, 0);

        const ofHost = await refusal(call.askHost());
        assert.equal(ofHost.code, 'ENCLAVE_APPLICATION_ERROR');
        assert.match(ofHost.message, /^EDL_VALUE_REFUSED answer\(\)/);

        await call.noteToHost({ noteBytes: 8 });
        assert.equal(notes, 1);
        assert.equal(await call.bounded({ text: '12345678', resultBytes: 0 }), '12345678');
      },
      { handlers },
    );
  });

  test('refuses what is not of its types, from a caller without a compiler', async () => {
    await withProbe(platform, signed, async (call) => {
      const untyped = call as unknown as Record<string, (args: unknown) => Promise<unknown>>;
      for (const args of [undefined, null, {}, { text: 1, resultBytes: 0 }, { text: 'a', resultBytes: -1 }, 'text']) {
        assert.equal(await outcome(untyped['bounded']?.(args) ?? Promise.resolve()), 'EDL_VALUE_REFUSED');
      }
      assert.equal(
        await outcome(untyped['bounded']?.({ text: '\ud800', resultBytes: 0 }) ?? Promise.resolve()),
        'EDL_VALUE_REFUSED',
      );
    });
  });

  test('carries its largest values, and no larger ones', async () => {
    await withProbe(platform, signed, async (call) => {
      const largest = seededBytes(4, 2 * 1024 * 1024);
      assert.deepEqual(await call.echo({ value: largest }), largest);
      assert.deepEqual(await call.echo({ value: new Uint8Array() }), new Uint8Array());
      const larger = new Uint8Array(largest.length + 1);
      assert.equal(await outcome(call.echo({ value: larger })), 'EDL_VALUE_REFUSED');
    });
  });
});

describe('what a failing function tells the host', () => {
  const secret = 'the launch code is 7-4-1-9';

  /** Everything that a host could print of an error, its log included. */
  async function failure(image: SignedImage, how: Parameters<Probe['call']['fail']>[0]['how']) {
    const log: string[] = [];
    const enclave = await loadProbe(platform, image, { onLog: (_, text) => void log.push(text) });
    try {
      const error = await refusal(enclave.call.fail({ how, text: secret }));
      const exit = error.code === 'ENCLAVE_LOST' ? (await enclave.exited).detail : '';
      return {
        code: error.code,
        seen: `${inspect(error, { depth: 9, showHidden: true })}\n${exit}\n${log.join('\n')}`,
      };
    } finally {
      await enclave.dispose();
    }
  }

  const cases = [
    // how it fails, its code, whether a debug enclave says why
    ['error', 'ENCLAVE_CALL_FAILED', true],
    ['coded-error', 'ENCLAVE_CALL_FAILED', true],
    ['string', 'ENCLAVE_CALL_FAILED', false],
    // Its text never quotes the value, and yet its place and size would tell of what was decrypted.
    ['codec-error', 'ENCLAVE_CALL_FAILED', false],
    ['unhandled-rejection', 'ENCLAVE_LOST', true],
  ] as const;
  for (const [how, code, saidInDebug] of cases) {
    test(`${how}: nothing in production${saidInDebug ? ', the text in debug' : ''}`, async () => {
      const production = await failure(signed, how);
      assert.equal(production.code, code);
      assert.ok(!production.seen.includes(secret), production.seen);
      assert.ok(!/at most|EDL_/.test(production.seen), production.seen);
      const debug = await failure(debugSigned, how);
      assert.equal(debug.code, code);
      assert.equal(debug.seen.includes(secret), saidInDebug, debug.seen);
    });
  }

  test('an ApplicationError: its text, and not that of its cause', async () => {
    const { code, seen } = await failure(signed, 'application-error');
    assert.equal(code, 'ENCLAVE_APPLICATION_ERROR');
    assert.ok(seen.includes(secret));
    assert.ok(!seen.includes('not for the host'));
  });

  test('a log line: what the application wrote, without control characters', async () => {
    const lines: (readonly [LogLevel, string])[] = [];
    let arrived: () => void = () => undefined;
    const logged = new Promise<void>((resolve) => (arrived = resolve));
    const onLog = (level: LogLevel, text: string): void => {
      lines.push([level, text]);
      arrived();
    };
    await withProbe(
      platform,
      signed,
      async (call) => {
        await call.logText({ text: 'a line\u001b[31m' });
        await logged;
      },
      { onLog },
    );
    assert.deepEqual(lines, [['warn', 'a line\ufffd[31m']]);
  });
});

describe('start()', () => {
  const load = (how: string, image = signed) => loadProbe(platform, image, { environment: { START: how } });

  test('that throws: a clear error, its text only from a debug enclave, and no process left', async () => {
    const production = await refusal(load('error'));
    assert.equal(production.code, 'ENCLAVE_START_FAILED');
    assert.equal(production.message, "The application's start() failed.");
    assert.deepEqual(descendants(platform.processId), []);
    const debug = await refusal(load('error', debugSigned));
    assert.equal(debug.code, 'ENCLAVE_START_FAILED');
    assert.match(debug.message, /a secret of start/);
    assert.deepEqual(descendants(platform.processId), []);
  });

  test('that throws an ApplicationError: its text', async () => {
    const error = await refusal(load('application-error'));
    assert.equal(error.code, 'ENCLAVE_APPLICATION_ERROR');
    assert.equal(error.message, 'The configuration is not usable.');
    assert.deepEqual(descendants(platform.processId), []);
  });

  test('that does not end: given up at the deadline or by the caller, and no process left', async () => {
    const environment = { START: 'hang' };
    const late = await refusal(loadProbe(platform, signed, { environment, startTimeoutMs: 2000 }));
    assert.equal(late.code, 'GATE_DEADLINE');
    // By the deadline of the host, or by its own, which it was told: whichever is noticed first.
    assert.match(late.message, /did not finish within 2000 ms/);
    assert.deepEqual(descendants(platform.processId), []);
    const controller = new AbortController();
    // The application says when it hangs; the process is there then.
    const handlers = { note: () => controller.abort() };
    const attempt = loadProbe(platform, signed, {
      environment: { START: 'note-and-hang' },
      signal: controller.signal,
      handlers,
    });
    assert.equal(await outcome(attempt), 'GATE_CANCELLED');
    assert.deepEqual(descendants(platform.processId), []);
  });

  test('can call the host', async () => {
    const notes: string[] = [];
    const handlers = { note: ({ text }: { text: string }) => void notes.push(text) };
    const enclave = await loadProbe(platform, signed, { environment: { START: 'note' }, handlers });
    await enclave.dispose();
    assert.deepEqual(notes, ['started']);
  });
});

describe('a variable', () => {
  const variable = (call: Probe['call'], name: string) => call.environmentVariable({ name });

  test('of the manifest is measured, whatever the host gives', async () => {
    const environment = { MODE: 'of the host', REGION: 'north', EXTRA: 'x' };
    await withProbe(
      platform,
      signed,
      async (call) => {
        assert.equal(await variable(call, 'MODE'), 'measured');
        assert.equal(await variable(call, 'REGION'), 'north');
        assert.equal(await outcome(variable(call, 'EXTRA')), 'ENCLAVE_VARIABLE_NOT_DECLARED');
        assert.equal(await outcome(variable(call, 'PATH')), 'ENCLAVE_VARIABLE_NOT_DECLARED');
      },
      { environment },
    );
  });

  test('that the host does not give is undefined; an empty one is empty', async () => {
    await withProbe(platform, signed, async (call) => assert.equal(await variable(call, 'REGION'), undefined));
    await withProbe(platform, signed, async (call) => assert.equal(await variable(call, 'REGION'), ''), {
      environment: { REGION: '' },
    });
  });

  test('has a bound', async () => {
    const load = (sizeBytes: number) =>
      loadProbe(platform, signed, { environment: { REGION: 'r'.repeat(sizeBytes) } }).then((enclave) =>
        enclave.dispose(),
      );
    assert.equal(await outcome(load(4096)), 'accepted');
    assert.equal(await outcome(load(4097)), 'EDL_VALUE_REFUSED');
    assert.deepEqual(descendants(platform.processId), []);
  });
});
