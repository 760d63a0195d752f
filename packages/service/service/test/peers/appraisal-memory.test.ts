import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '@enclos/testkit';
import {
  refusePeer,
  type AppraiseCertificate,
  type AppraisedCertificate,
  rememberAppraisals,
} from '../../src/peers/index.ts';

const good: AppraisedCertificate = {
  publicKey: new Uint8Array(),
  issuer: '',
  configuration: '',
  mrEnclave: '',
  mrSigner: '',
  securityVersion: 1,
  notBeforeMs: 0,
  notAfterMs: 1,
};

interface Scene {
  nowMs: number;
  asked: number;
  /** What happens instead. */
  failure: (() => never) | undefined;
  readonly appraise: AppraiseCertificate;
}

/** An appraiser of certificates of one byte: 0 is good, others are refused. */
function scene(options: { readonly maximum?: number } = {}): Scene {
  const made: Scene = {
    nowMs: 0,
    asked: 0,
    failure: undefined,
    appraise: rememberAppraisals(
      async ([first = 0]) => {
        made.asked++;
        made.failure?.();
        return first === 0 ? good : refusePeer('policy');
      },
      { nowMs: () => made.nowMs, ...options },
    ),
  };
  return made;
}

const refusal = failsWith('SERVICE_PEER_REFUSED', 'policy');
const [bad, fine] = [Uint8Array.of(1), Uint8Array.of(0)];

test('a good one is appraised again after an hour, a refused one after a minute', async () => {
  const made = scene();
  for (const [certificate, limitMs] of [
    [fine, 3_600_000],
    [bad, 60_000],
  ] as const) {
    made.asked = 0;
    const outcome = () => made.appraise(certificate).catch(refusal);
    await outcome();
    await outcome();
    made.nowMs += limitMs - 1;
    await outcome();
    assert.equal(made.asked, 1);
    made.nowMs += 1;
    await outcome();
    assert.equal(made.asked, 2);
    made.nowMs -= 10;
    await outcome();
    assert.equal(made.asked, 3, 'a clock that goes back makes nothing fresh');
  }
});

test('callers at once share one appraisal', async () => {
  const made = scene();
  await Promise.all(Array.from({ length: 10 }, () => made.appraise(fine)));
  assert.equal(made.asked, 1);
});

test('what was good is dropped when it is refused, and kept for a day when nothing can be said', async () => {
  const made = scene();
  await made.appraise(fine);
  const unavailable = new Error('no endorsements');
  made.failure = () => {
    throw unavailable;
  };
  made.nowMs = 86_399_999;
  assert.equal(await made.appraise(fine), good);
  made.nowMs += 1;
  await assert.rejects(made.appraise(fine), unavailable);
  made.failure = undefined;
  await made.appraise(fine);
  made.nowMs += 3_600_000;
  made.failure = () => refusePeer('policy');
  await assert.rejects(made.appraise(fine), refusal);
  made.failure = () => {
    throw unavailable;
  };
  made.nowMs += 60_000;
  await assert.rejects(made.appraise(fine), unavailable);
});

test('what nothing could be said about is asked for again at once', async () => {
  const made = scene();
  const unavailable = new Error('no endorsements');
  made.failure = () => {
    throw unavailable;
  };
  await assert.rejects(made.appraise(fine), unavailable);
  made.failure = undefined;
  assert.equal(await made.appraise(fine), good);
});

test('a flood of refused ones displaces no good one, and itself', async () => {
  const made = scene({ maximum: 4 });
  await made.appraise(fine);
  for (let index = 1; index <= 200; index++) await assert.rejects(made.appraise(Uint8Array.of(index)), refusal);
  made.asked = 0;
  await made.appraise(fine);
  assert.equal(made.asked, 0);
  for (const index of [200, 199, 198, 197]) await assert.rejects(made.appraise(Uint8Array.of(index)), refusal);
  assert.equal(made.asked, 0);
  await assert.rejects(made.appraise(Uint8Array.of(1)), refusal);
  assert.equal(made.asked, 1, 'an old refusal is still there');
});
