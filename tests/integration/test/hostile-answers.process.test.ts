import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encodeValue, maxEncodedBytes, uint32, uint8 } from '@enclos/edl';
import { FrameKind, type Frame } from '@enclos/gate';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { target } from '@enclos/process-kit/enclaves/target';
import { codeOf, isAnswer, openFrameHost, throwPayload, type FrameHost } from '@enclos/process-kit/hosts/frame-host';
import { createWorkshop, type SignedImage } from '@enclos/process-kit';

/** What a host can answer when its enclave asks, and how deep it can get it to ask, against a live enclave. */
const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let signed: SignedImage;
before(async () => {
  platform = await workshop.startPlatform('answered');
  signed = await workshop.signed('target');
});
after(() => workshop.close());

type Trusted = keyof (typeof target)['trusted'];
type Untrusted = keyof (typeof target)['untrusted'];
const trusted = Object.keys(target.trusted);
const untrusted = Object.keys(target.untrusted);
const none = new Uint8Array();

const call = (name: Trusted, callId: number, payload: Uint8Array = none): Partial<Frame> => ({
  kind: FrameKind.CALL,
  functionIndex: trusted.indexOf(name),
  callId,
  payload,
});
const returned = (callId: number, payload: Uint8Array): Partial<Frame> => ({ kind: FrameKind.RETURN, callId, payload });
const thrown = (callId: number, payload: Uint8Array): Partial<Frame> => ({ kind: FrameKind.THROW, callId, payload });

async function withHost(use: (host: FrameHost) => Promise<void>, image = signed): Promise<void> {
  const host = await openFrameHost(platform, image);
  try {
    await host.begin();
    await use(host);
  } finally {
    await host.close();
  }
}

const askedBy = (host: FrameHost, name: Untrusted): Promise<Frame> =>
  host.take(
    `a call of ${name}`,
    ({ kind, functionIndex }) => kind === FrameKind.CALL && functionIndex === untrusted.indexOf(name),
  );

/** Starts `ask`, and gives the id of the call that the enclave makes for it. */
async function ask(host: FrameHost, callId = 3): Promise<number> {
  host.send(call('ask', callId));
  return (await askedBy(host, 'give')).callId;
}

async function assertServes(host: FrameHost): Promise<void> {
  const payload = Uint8Array.of(2, 104, 105, 1, 33);
  host.send(call('texts', 0x1001, payload));
  assert.deepEqual((await host.answerTo(0x1001)).payload, payload);
}

async function assertEnds(host: FrameHost): Promise<void> {
  const { exitCode, detail } = await host.ended();
  assert.equal(exitCode, 0, detail);
  assert.match(detail, /ended with its host/);
}

const right = encodeValue(target.untrusted.give.result, { name: 'two', leaves: [] });

describe('a result', () => {
  const refused: readonly (readonly [what: string, payload: Uint8Array])[] = [
    ['of no bytes', none],
    ['of a wrong type: no such word', Uint8Array.of(3, 0, 0)],
    ['of a wrong type: an option that is neither', Uint8Array.of(0, 0, 2)],
    ['that is truncated', right.subarray(0, 2)],
    ['with a byte behind it', Uint8Array.of(...right, 0)],
    ['in a form that is not the shortest', Uint8Array.of(0x80, 0, 0, 0)],
    ['with a count over its bound', Uint8Array.of(0, 13, ...Array<number>(26).fill(2), 0)],
    ['with a count of four billion', Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff, 0x0f)],
    ['with a text that is not UTF-8', Uint8Array.of(0, 1, 0, 2, 0xc0, 0x80, 0)],
  ];
  for (const [what, payload] of refused) {
    test(`${what} is refused inside, and the enclave serves on`, () =>
      withHost(async (host) => {
        host.send(returned(await ask(host), payload));
        assert.equal(codeOf(await host.answerTo(3)), 'ENCLAVE_CALL_FAILED');
        await assertServes(host);
      }));
  }

  const largest = maxEncodedBytes(target.untrusted.give.result);
  const fatal: readonly (readonly [what: string, answer: (callId: number) => readonly Partial<Frame>[]])[] = [
    ['one byte over its bound', (id) => [returned(id, new Uint8Array(largest + 1))]],
    ['of half a megabyte', (id) => [returned(id, new Uint8Array(500_000))]],
    ['with a wrong id', (id) => [returned(id + 2, right)]],
    ['with an id of the other side', () => [returned(3, right)]],
    ['given twice', (id) => [returned(id, right), returned(id, right)]],
    ['and an error, too', (id) => [returned(id, right), thrown(id, throwPayload('HOST_CALL_FAILED'))]],
    ['before it is asked for', (id) => [returned(id, right), returned(id + 2, right), call('ask', 5)]],
  ];
  for (const [what, answer] of fatal) {
    test(`${what} ends the enclave`, () =>
      withHost(async (host) => {
        host.send(...answer(await ask(host)));
        await assertEnds(host);
      }));
  }

  test('of the largest size is only a wrong one', () =>
    withHost(async (host) => {
      host.send(returned(await ask(host), new Uint8Array(largest)));
      assert.equal(codeOf(await host.answerTo(3)), 'ENCLAVE_CALL_FAILED');
      await assertServes(host);
    }));

  test('after the call was cancelled is waited for and thrown away; a second one ends the enclave', () =>
    withHost(async (host) => {
      const asked = await ask(host);
      host.send({ kind: FrameKind.CANCEL, callId: 3 });
      assert.equal(codeOf(await host.answerTo(3)), 'GATE_CANCELLED');
      await host.take('its cancellation', ({ kind, callId }) => kind === FrameKind.CANCEL && callId === asked);
      host.send(returned(asked, right));
      await assertServes(host);
      assert.deepEqual(host.heard.filter(isAnswer), []);
      host.send(returned(asked, right));
      await assertEnds(host);
    }));
});

describe('an error', () => {
  const codes: readonly (readonly [code: string, arrives: string])[] = [
    ['HOST_CALL_FAILED', 'HOST_CALL_FAILED'],
    ['GATE_BUSY', 'GATE_BUSY'],
    // Verdicts that are the enclave's own, ends that it can see for itself, and words of nobody.
    ['SEAL_NOT_OPENED', 'GATE_REMOTE_ERROR'],
    ['REPORT_NOT_VERIFIED', 'GATE_REMOTE_ERROR'],
    ['ENCLAVE_LOST', 'GATE_REMOTE_ERROR'],
    ['ENCLAVE_HOST_LOST', 'GATE_REMOTE_ERROR'],
    ['GATE_PROTOCOL_VIOLATION', 'GATE_REMOTE_ERROR'],
    ['ENCLAVE_APPLICATION_ERROR', 'GATE_REMOTE_ERROR'],
    ['NO_SUCH_CODE', 'GATE_REMOTE_ERROR'],
    ['_'.repeat(64), 'GATE_REMOTE_ERROR'],
  ];
  for (const [code, arrives] of codes) {
    test(`${code} of the host is ${arrives}`, () =>
      withHost(async (host) => {
        host.send(thrown(await ask(host), throwPayload(code, '\u001b[2J it says')));
        const { payload, ...answer } = await host.answerTo(3);
        assert.equal(codeOf({ payload, ...answer }), arrives);
        assert.ok(!payload.includes(0x1b), 'nothing that a terminal obeys comes back');
        await assertServes(host);
      }));
  }

  test('with the longest message is one; a longer one, or one that is malformed, ends the enclave', async () => {
    await withHost(async (host) => {
      host.send(thrown(await ask(host), throwPayload('GATE_BUSY', 'm'.repeat(4096))));
      assert.equal(codeOf(await host.answerTo(3)), 'GATE_BUSY');
    });
    const malformed = [
      throwPayload('GATE_BUSY', 'm'.repeat(4097)),
      none,
      Uint8Array.of(1),
      Uint8Array.of(9, 0, 65),
      throwPayload(''),
      throwPayload('lower_case'),
      throwPayload('A'.repeat(65)),
      Uint8Array.of(1, 0, 65, 0xff),
    ];
    for (const payload of malformed) {
      await withHost(async (host) => {
        host.send(thrown(await ask(host), payload));
        await assertEnds(host);
      });
    }
  });
});

describe('re-entrancy', () => {
  const nest = (callId: number, parentCallId: number): Partial<Frame> => ({
    ...call('nest', callId, encodeValue(uint8(), 200)),
    parentCallId,
  });

  test('the host cannot nest deeper than maxDepth, and the chain unwinds', () =>
    withHost(async (host) => {
      // Four: host, enclave, host, enclave.
      host.send(nest(3, 0));
      const second = await askedBy(host, 'nest');
      host.send(nest(5, second.callId));
      const fourth = await askedBy(host, 'nest');
      host.send(nest(7, fourth.callId), nest(9, fourth.callId));
      assert.equal(codeOf(await host.answerTo(7)), 'GATE_DEPTH_EXCEEDED');
      assert.equal(codeOf(await host.answerTo(9)), 'GATE_DEPTH_EXCEEDED');
      host.send(returned(fourth.callId, encodeValue(uint32(), 0)));
      assert.deepEqual((await host.answerTo(5)).payload, encodeValue(uint32(), 1));
      host.send(returned(second.callId, encodeValue(uint32(), 1)));
      assert.deepEqual((await host.answerTo(3)).payload, encodeValue(uint32(), 2));
      await assertServes(host);
    }));

  test('nor can it get its enclave to', async () => {
    const limits = { maxFrameBytes: 2 ** 19, maxQueuedCalls: 64, maxPendingCalls: 64, maxDepth: 3 };
    const shallow = await workshop.signed('target', { limits });
    await withHost(async (host) => {
      host.send(nest(3, 0));
      const second = await askedBy(host, 'nest');
      host.send(nest(5, second.callId));
      assert.equal(codeOf(await host.answerTo(5)), 'GATE_DEPTH_EXCEEDED');
      await assertServes(host);
    }, shallow);
  });

  test('recursion that branches fills the slots of a depth, and every call is answered', () =>
    withHost(async (host) => {
      host.send(nest(3, 0));
      const second = await askedBy(host, 'nest');
      const ids = Array.from({ length: 100 }, (_, at) => 5 + 2 * at);
      host.send(...ids.map((id) => nest(id, second.callId)));
      const waiting = new Set(ids);
      while (waiting.size > 0) {
        const isOurs = (frame: Frame): boolean => isAnswer(frame) && waiting.has(frame.callId);
        const frame = await host.take('an answer or a call', (one) => isOurs(one) || one.kind === FrameKind.CALL);
        if (isAnswer(frame)) waiting.delete(frame.callId);
        else host.send(returned(frame.callId, encodeValue(uint32(), 0)));
      }
      host.send(returned(second.callId, encodeValue(uint32(), 0)));
      assert.equal(codeOf(await host.answerTo(3)), 'result');
      await assertServes(host);
    }));

  test('a call in one that is over ends the enclave', () =>
    withHost(async (host) => {
      host.send(nest(3, 0));
      const second = await askedBy(host, 'nest');
      host.send(returned(second.callId, encodeValue(uint32(), 0)), nest(5, second.callId));
      await assertEnds(host);
    }));

  test('ids come round at the end of their range', () =>
    withHost(async (host) => {
      const ids = [0xffff_fffb, 0xffff_fffd, 0xffff_ffff, 1, 3];
      for (const id of ids) {
        host.send(call('texts', id, Uint8Array.of(0, 1, 33)));
        assert.equal(codeOf(await host.answerTo(id)), 'result');
      }
    }));
});
