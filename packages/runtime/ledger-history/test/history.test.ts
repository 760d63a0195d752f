import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { toHex, utf8 } from '@enclos/codec';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { privateWrites, publicWrites, readEntry } from '@enclos/ledger';
import { readReceipt, verifyReceipt } from '@enclos/ledger/proof';
import { vectors } from '@enclos/testkit';
import type { HistoricalState, LedgerHistory } from '../src/index.ts';
import { firstCertified, historyOf, isSignature, readSample, services, tools, type Sample } from './samples.ts';

/** Asks until the range is there. */
async function rangeOf(history: LedgerHistory, first: number, last: number, handle = 1) {
  for (let asked = 0; asked < 200; asked++) {
    const states = history.stateRange(handle, first, last, 60);
    if (states !== undefined) return states;
    await delay(5);
  }
  return undefined;
}

/** Asks once, and gives what was asked for the time to fail. */
async function failureOf(sample: Sample, changes: Parameters<typeof historyOf>[1] = {}, first = 15): Promise<unknown> {
  const { history, failures } = historyOf(sample, changes);
  for (let asked = 0; asked < 200 && failures.length === 0; asked++) {
    assert.equal(history.stateRange(1, first, first, 60), undefined);
    await delay(5);
  }
  return failures[0];
}

const isCode = (error: unknown, code: ErrorCode): void => assert.ok(isEnclosError(error, code), String(error));

describe('the history of a ledger', () => {
  for (const service of services) {
    vectors.test(`gives every committed transaction of ${service}, with receipts that verify`, async () => {
      const sample = await readSample(service);
      const { history, failures } = historyOf(sample);
      const last = sample.ledger.lastCommitted().seqno;
      const first = firstCertified(sample.entries);
      const states = await rangeOf(history, first, last);
      assert.deepEqual(failures, []);
      assert.equal(states?.length, last - first + 1);
      assert.ok(first === 1 || last - first > 80);
      let cose = 0;
      for (const [at, state] of (states ?? []).entries()) {
        // Each receipt costs a verification: of a long ledger a part is enough.
        await checkState(state, first - 1 + at, { sample, receipts: at % 5 === 0 || last < 30 });
        if (state.coseReceipt !== undefined) cose++;
      }
      assert.equal(cose > 0, service !== 'sgx_service');
    });
  }

  vectors.test('serves nothing of an entry that was changed, missing, moved or of another view', async () => {
    const original = await readSample('cose_flipflop_service');
    const changed = (change: (bytes: Uint8Array[]) => void): Sample => {
      const bytes = original.bytes.map((entry) => entry.slice());
      change(bytes);
      return { ...original, bytes };
    };
    const flip = (at: number, byte: number): Sample =>
      changed((bytes) => {
        const entry = bytes[at - 1] ?? new Uint8Array();
        const place = byte < 0 ? entry.length + byte : byte;
        entry[place] = (entry[place] ?? 0) ^ 1;
      });
    // The tag, the public part, and the end, which is private in this one.
    isCode(await failureOf(flip(15, 10)), 'LEDGER_SECRET_WRONG');
    isCode(await failureOf(flip(15, 60)), 'LEDGER_SECRET_WRONG');
    isCode(await failureOf(flip(15, -1)), 'LEDGER_SECRET_WRONG');
    isCode(await failureOf(changed((bytes) => bytes.splice(14, 1))), 'LEDGER_UNAVAILABLE');
    isCode(await failureOf(changed((bytes) => void bytes.splice(15))), 'LEDGER_UNAVAILABLE');
    isCode(await failureOf(changed((bytes) => bytes.splice(14, 1, bytes[15] ?? utf8('')))), 'LEDGER_UNAVAILABLE');
    const ledger = { ...original.ledger, viewOf: () => 3 };
    isCode(await failureOf(original, { ledger }), 'LEDGER_UNPROVEN');
    const { history } = historyOf(original);
    assert.equal((await rangeOf(history, 15, 15))?.length, 1);
  });

  vectors.test('serves nothing that another service signed, or of which it does not know the secret', async () => {
    const sample = await readSample('cose_flipflop_service');
    const other = await readSample('acme_containing_service');
    const others = () => other.identities.map((certificate) => ({ certificate }));
    isCode(await failureOf(sample, { services: others }), 'LEDGER_UNPROVEN');
    isCode(await failureOf(sample, { services: () => [] }), 'LEDGER_UNPROVEN');
    isCode(await failureOf(sample, { keys: other.keys }), 'LEDGER_SECRET_WRONG');
    isCode(await failureOf(sample, { keys: () => undefined }), 'LEDGER_UNAVAILABLE');
  });

  vectors.test('gives nothing beyond what is committed, and refuses ranges that no answer can have', async () => {
    const sample = await readSample('acme_containing_service');
    const last = sample.ledger.lastCommitted().seqno;
    const { history, reads } = historyOf(sample, { maxStates: 30 });
    assert.equal(history.stateRange(1, last, last + 1, 60), undefined);
    assert.equal(history.stateRange(1, 0, 1, 60), undefined);
    assert.deepEqual(reads, []);
    assert.throws(() => history.stateRange(1, 5, 4, 60), /Invalid range for historical query: end 4 is before start 5/);
    assert.throws(
      () => history.stateRange(1, 1, 31, 60),
      (error) => isEnclosError(error, 'HISTORY_TOO_LARGE'),
    );
  });

  vectors.test('keeps a range under its handle until it expires, is dropped, or another takes its place', async () => {
    const sample = await readSample('acme_containing_service');
    let now = 0;
    const { history, reads } = historyOf(sample, { now: () => now });
    const states = await rangeOf(history, 3, 5);
    const once = reads.length;
    assert.equal(history.stateRange(1, 3, 5, 60), states);
    now += 59_000;
    assert.equal(history.stateRange(1, 3, 5, 1), states);
    assert.equal(reads.length, once);
    now += 1000;
    assert.equal(history.stateRange(1, 3, 5, 60), undefined);
    await rangeOf(history, 3, 5);
    assert.equal(history.stateRange(1, 3, 4, 60), undefined);
    await rangeOf(history, 3, 4);
    assert.ok(history.heldBytes > 0);
    assert.equal(history.dropCachedStates(1), true);
    assert.equal(history.dropCachedStates(1), false);
    assert.equal(history.heldBytes, 0);
  });

  vectors.test('drops first what was not asked for the longest when it holds more than its limit', async () => {
    const sample = await readSample('acme_containing_service');
    const first = historyOf(sample).history;
    await rangeOf(first, 3, 9);
    const softLimitBytes = 2 * first.heldBytes + 10;
    const { history } = historyOf(sample, { softLimitBytes, maxRangeBytes: softLimitBytes });
    for (const handle of [1, 2, 1, 3]) await rangeOf(history, 3, 9, handle);
    assert.equal(history.heldBytes, 2 * first.heldBytes);
    assert.deepEqual(
      [1, 2, 3].map((handle) => history.dropCachedStates(handle)),
      [true, false, true],
    );
  });

  vectors.test('says that a range never fits, and reads no more bytes than may be held', async () => {
    const sample = await readSample('acme_containing_service');
    const { history, failures, reads } = historyOf(sample, { softLimitBytes: 1000 });
    await assert.rejects(rangeOf(history, 1, 9), (error) => isEnclosError(error, 'HISTORY_TOO_LARGE'));
    assert.equal(failures.length, 1);
    // Counted by what the source says, before any of it is read.
    assert.deepEqual(reads, []);
  });
});

async function checkState(
  state: HistoricalState,
  at: number,
  { sample, receipts }: { readonly sample: Sample; readonly receipts: boolean },
): Promise<void> {
  const entry = readEntry(sample.bytes[at] ?? utf8(''));
  assert.deepEqual(state.id, { view: entry.view, seqno: at + 1 });
  const keys = sample.keys(entry.seqno);
  assert.ok(keys);
  const tables = state.begin();
  for (const { name, writes, removes } of [...publicWrites(entry), ...privateWrites(entry, keys.cipher)]) {
    const map = tables.map(name);
    assert.equal(map.size, writes.length);
    for (const [key, value] of writes) {
      assert.deepEqual(map.get(key), value.slice());
      assert.equal(map.versionOfPreviousWrite(key), entry.seqno);
    }
    for (const key of removes) assert.equal(map.has(key), false);
  }
  if (!receipts) return;
  const expected = { services: sample.identities };
  const json = await verifyReceipt(readReceipt(utf8(JSON.stringify(state.receipt))), expected, tools);
  if (!isSignature(entry)) assert.equal(json.writeSetDigest, toHex(tools.digests.sha256(entry.bytes)));
  if (state.coseReceipt === undefined) return;
  const cose = await verifyReceipt(readReceipt(state.coseReceipt), expected, tools);
  assert.deepEqual(cose.transactionId, state.id);
}
