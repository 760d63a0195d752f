import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encodeValue, uint32, uint8 } from '@enclos/edl';
import { FrameKind, type Frame } from '@enclos/gate';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { GateTable } from '@enclos/tee';
import { target } from '@enclos/process-kit/enclaves/target';
import { codeOf, frames, isAnswer, openFrameHost, type FrameHost } from '@enclos/process-kit/hosts/frame-host';
import { createWorkshop, descendants, residentMiB, seededBytes, type SignedImage } from '@enclos/process-kit';
import { until } from '@enclos/process-kit/processes/process-watch';

/** What a host can do with frames alone, class by class, against a live enclave. The mass of it is `npm run torture`. */
const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let signed: SignedImage;
before(async () => {
  platform = await workshop.startPlatform('framed');
  signed = await workshop.signed('target');
});
after(() => workshop.close());

const none = new Uint8Array();
const trusted = Object.keys(target.trusted);
const untrusted = Object.keys(target.untrusted);
const call = (name: keyof (typeof target)['trusted'], callId: number, payload: Uint8Array = none): Partial<Frame> => ({
  kind: FrameKind.CALL,
  functionIndex: trusted.indexOf(name),
  callId,
  payload,
});
const result = (callId: number, payload: Uint8Array = none): Partial<Frame> => ({
  kind: FrameKind.RETURN,
  callId,
  payload,
});
const isCallOf =
  (name: keyof (typeof target)['untrusted']) =>
  ({ kind, table, functionIndex }: Frame): boolean =>
    kind === FrameKind.CALL && table === GateTable.application && functionIndex === untrusted.indexOf(name);
const tree = { name: 'one', leaves: [] } as const;
const byte = (value: number): Uint8Array => encodeValue(uint8(), value);

async function withHost(use: (host: FrameHost) => Promise<void>, begin = true): Promise<void> {
  const host = await openFrameHost(platform, signed);
  try {
    if (begin) await host.begin();
    await use(host);
  } finally {
    await host.close();
  }
}

/** A right call is served: whatever came before did no harm. */
async function assertServes(host: FrameHost, callId = 0x1001): Promise<void> {
  const payload = Uint8Array.of(2, 104, 105, 1, 33);
  host.send(call('texts', callId, payload));
  const answer = await host.answerTo(callId);
  assert.equal(codeOf(answer), 'result');
  assert.deepEqual(answer.payload, payload);
}

async function assertEnds(host: FrameHost): Promise<void> {
  const { exitCode, detail } = await host.ended();
  assert.equal(exitCode, 0);
  assert.match(detail, /ended with its host/);
}

describe('frames that end the enclave', () => {
  const header = (lengthField: number, kind: number): Uint8Array => {
    const bytes = new Uint8Array(20);
    new DataView(bytes.buffer).setUint32(0, lengthField, true);
    bytes[4] = kind;
    bytes[8] = 3;
    return bytes;
  };
  const fatal: readonly (readonly [what: string, bytes: readonly Uint8Array[]])[] = [
    ['oversized: a length of four gigabytes', [header(0xffff_ffff, 2)]],
    ['oversized: one byte over the largest frame', [header(524_288 - 3, 2)]],
    ['oversized: arguments one byte over those of their function', [frames(call('wait', 3, new Uint8Array(1)))]],
    ['oversized: a log line', [header(16 + 8193, 6)]],
    ['a length below a header', [header(15, 2)]],
    ['random bytes', [seededBytes(5, 4096)]],
    ['an unknown kind', [header(16, 12)]],
    ['a piece of a stream without bytes', [header(16, 8)]],
    ['oversized: a piece of a stream', [header(16 + 65_537, 8)]],
    ['a grant of nothing', [header(16, 9)]],
    ['an end of a stream with a payload', [header(17, 10)]],
    ['wrong id: a stream that there is not', [header(16, 11)]],
    ['replayed: a call whose id is in use', [frames(call('wait', 3), call('wait', 3))]],
    ['wrong id: none', [header(16, 5).fill(0, 8, 9)]],
    ['wrong id: one of the other side', [frames(call('wait', 4))]],
    ['wrong id: a cancellation of a call of the other side', [frames({ kind: FrameKind.CANCEL, callId: 2 })]],
    ['wrong id: a result that nobody waits for', [frames(result(2))]],
    ['reordered: a result before it is asked for', [frames(result(2), call('ask', 3))]],
    ['wrong parent: a call in one that was not made', [frames({ ...call('wait', 3), parentCallId: 8 })]],
    ['a second greeting', [frames({ kind: FrameKind.HELLO })]],
    ['a log that is no text', [frames({ kind: FrameKind.LOG, payload: Uint8Array.of(0xff) })]],
    ['a goodbye in the middle', [frames(call('wait', 3), { kind: FrameKind.GOODBYE }, call('ask', 5))]],
  ];
  for (const [what, bytes] of fatal) {
    test(what, () =>
      withHost(async (host) => {
        for (const part of bytes) host.write(part);
        await assertEnds(host);
        assert.deepEqual(host.heard.filter(isCallOf('give')), [], 'nothing was served behind it');
      }),
    );
  }

  const half: readonly (readonly [what: string, bytes: Uint8Array])[] = [
    ['between frames', new Uint8Array()],
    ['in a header', header(16, 2).subarray(0, 11)],
    ['in a payload', frames(call('data', 3, new Uint8Array(1000))).subarray(0, 500)],
  ];
  for (const [where, bytes] of half) {
    test(`truncated: the host goes ${where}, and half closed`, () =>
      withHost(async (host) => {
        host.write(bytes);
        host.launched.gate.end();
        await assertEnds(host);
      }));
  }
});

describe('before the enclave has started', () => {
  const early: readonly (readonly [what: string, bytes: Uint8Array])[] = [
    ['a call before the greeting', frames(call('wait', 1))],
    ['a greeting of 400,000 bytes', frames({ kind: FrameKind.HELLO, payload: new Uint8Array(400_000) })],
    ['an empty greeting', frames({ kind: FrameKind.HELLO })],
    ['a goodbye for a greeting', frames({ kind: FrameKind.GOODBYE })],
  ];
  for (const [what, bytes] of early) {
    test(`${what} ends it`, () =>
      withHost(async (host) => {
        host.write(bytes);
        const { exitCode } = await host.ended();
        assert.ok(exitCode === 0 || exitCode === 4, `code ${exitCode}`);
      }, false));
  }
});

/** Both take as long as their limit, so they take it together. */
describe('slow frames', { concurrency: true }, () => {
  test('a frame that comes byte by byte is served when it is whole, and what was called before is answered meanwhile', () =>
    withHost(async (host) => {
      host.send(call('texts', 3, Uint8Array.of(0, 1, 33)));
      const slow = frames(call('texts', 5, Uint8Array.of(0, 1, 33)));
      for (const one of slow) {
        host.write(Uint8Array.of(one));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.equal(codeOf(await host.answerTo(3)), 'result');
      assert.equal(codeOf(await host.answerTo(5)), 'result');
    }));

  test('a frame that is never finished, though a byte of it comes every 10 ms, ends the enclave after thirty seconds', () =>
    withHost(async (host) => {
      const endless = frames({ kind: FrameKind.LOG, payload: new Uint8Array(8192).fill(65) });
      const since = performance.now();
      let at = 0;
      const drip = setInterval(() => host.write(endless.subarray(at, ++at)), 10);
      await assertEnds(host).finally(() => clearInterval(drip));
      const seconds = (performance.now() - since) / 1000;
      assert.ok(seconds > 25 && at < endless.length, `after ${seconds} s and ${at} bytes`);
    }));
});

describe('floods', () => {
  /** Each call has one answer. */
  async function answers(host: FrameHost, callIds: readonly number[]): Promise<ReadonlyMap<string, number>> {
    const codes = new Map<string, number>();
    for (const callId of callIds) {
      const code = codeOf(await host.answerTo(callId));
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    assert.deepEqual(host.heard.filter(isAnswer), []);
    return codes;
  }
  const odd = (count: number, first = 3): readonly number[] => Array.from({ length: count }, (_, at) => first + 2 * at);
  const enclaveMiB = (): number => residentMiB(descendants(platform.processId).at(-1) ?? 0);

  test('calls over the slots wait, those over maxQueuedCalls are told that it is busy, and each has one answer', () =>
    withHost(async (host) => {
      // Four slots and a queue of 64.
      const ids = odd(500);
      host.send(...ids.map((id) => call('wait', id)));
      await until(
        'the rest is refused',
        () => host.heard.filter((frame) => codeOf(frame) === 'GATE_BUSY').length === 432,
        60_000,
      );
      host.send(...ids.map((callId): Partial<Frame> => ({ kind: FrameKind.CANCEL, callId })));
      assert.deepEqual(
        await answers(host, ids),
        new Map([
          ['GATE_CANCELLED', 68],
          ['GATE_BUSY', 432],
        ]),
      );
      await assertServes(host);
    }));

  test('a storm of cancellations, of calls that run, wait, are over, and never were', () =>
    withHost(async (host) => {
      const atFirst = enclaveMiB();
      const ids = odd(20_000);
      for (let at = 0; at < ids.length; at += 500) {
        host.send(
          ...ids
            .slice(at, at + 500)
            .flatMap((callId): readonly Partial<Frame>[] => [
              call('wait', callId),
              { kind: FrameKind.CANCEL, callId },
              { kind: FrameKind.CANCEL, callId },
              { kind: FrameKind.CANCEL, callId: callId + 1_000_000 },
            ]),
        );
        await host.take('the last of them', (frame) => isAnswer(frame) && frame.callId === ids[at + 499]);
      }
      // The last of each five hundred is taken already.
      await answers(
        host,
        ids.filter((_, at) => at % 500 !== 499),
      );
      await assertServes(host, 0x7_0001);
      assert.ok(enclaveMiB() - atFirst < 100, `${enclaveMiB() - atFirst} MiB more`);
    }));

  test('a flood of log lines takes no memory', () =>
    withHost(async (host) => {
      const atFirst = enclaveMiB();
      const line: Partial<Frame> = { kind: FrameKind.LOG, payload: new Uint8Array(8192).fill(65) };
      const block = frames(...Array.from({ length: 100 }, () => line));
      for (let times = 0; times < 200; times++) {
        if (!host.launched.gate.write(block)) await new Promise((resolve) => host.launched.gate.once('drain', resolve));
      }
      await assertServes(host);
      assert.ok(enclaveMiB() - atFirst < 100, `${enclaveMiB() - atFirst} MiB more`);
    }));

  test('an enclave that asks more than it may has maxPendingCalls answers to wait for and no more', () =>
    withHost(async (host) => {
      host.send(call('storm', 3, byte(255)));
      await until('it asks', () => host.heard.filter(isCallOf('give')).length >= 64, 60_000);
      const asks = host.heard.filter(isCallOf('give'));
      assert.equal(asks.length, 64);
      host.send(...asks.map(({ callId }) => result(callId, encodeValue(target.untrusted.give.result, tree))));
      const answer = await host.answerTo(3);
      assert.deepEqual(answer.payload, encodeValue(uint32(), 64));
    }));
});
