import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aeadIds, currentKey, kdfIds, kemIds, type PublishedKey } from '@enclos/hpke';
import { isEnclosError } from '@enclos/errors';
import { keyChooser } from '../src/key-chooser.ts';

const kems = [kemIds.xWing, kemIds.x25519];

function keyOf(
  keyId: number,
  kem: PublishedKey['kem'],
  [notBeforeMs, notAfterMs]: readonly [number, number],
): PublishedKey {
  const suites = [{ kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm }];
  return { keyId, kem, publicKey: new Uint8Array(32), suites, notBeforeMs, notAfterMs };
}

const keys = [
  keyOf(1, kemIds.x25519, [100, 300]),
  keyOf(2, kemIds.x25519, [200, 400]),
  keyOf(3, kemIds.xWing, [250, 350]),
];

/** What both say, or refuse with. */
function outcome(choose: (nowMs: number) => PublishedKey, nowMs: number): number | string {
  try {
    return choose(nowMs).keyId;
  } catch (error) {
    return isEnclosError(error) ? error.code : String(error);
  }
}

test('the chosen key is the current one at each time, forwards, backwards and in leaps', () => {
  const times = Array.from({ length: 500 }, (_, at) => at);
  const leaps = times.map((at) => (at * 137) % 500);
  for (const order of [times, times.toReversed(), leaps]) {
    const choose = keyChooser({ keys }, kems);
    for (const time of order) {
      assert.equal(
        outcome(choose, time),
        outcome((nowMs) => currentKey({ keys }, nowMs, kems), time),
        `at ${time}`,
      );
    }
  }
});

test('a key whose time is over is refused, also right after it was chosen', () => {
  const choose = keyChooser({ keys }, kems);
  assert.deepEqual(
    [99, 100, 199, 200, 249, 250, 349, 350, 399, 400].map((time) => outcome(choose, time)),
    ['HPKE_KEY_STALE', 1, 1, 2, 2, 3, 3, 2, 2, 'HPKE_KEY_STALE'],
  );
});
