import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerSecret, LedgerSecrets } from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import { keysOf, verifyLedger, type LedgerExpectation, type LedgerReport } from '../src/proof/index.ts';
import { filesOf, LittleLedger, nodeInfo, party, put, serviceInfo, tools } from './little-service.ts';

// Signatures of P-256 are the fastest to verify, and this verifies several thousand ledgers.
const service = party('service', undefined, true, 'P-256');
const node = party('node', service, false, 'P-256');
const ledger = new LittleLedger();
ledger.add([serviceInfo(service, 'Open'), ...nodeInfo(node)]);
ledger.sign({ node });
ledger.add([put('records', 'private', 'a'), put('public:records', 'public', 'a')], new Uint8Array(32).fill(9));
ledger.sign({ node });
const files = [ledger.file(1, 2), ledger.file(3, 4)];
const services = [service.certificate];
const keys = keysOf(LedgerSecrets.begin(new LedgerSecret(nodeDigests, ledger.secret)));
/** Where each entry begins, by file. */
const entryAt = files.map(({ name }) => {
  const [first = 1, last = 1] = name.match(/\d+/g)?.map(Number) ?? [];
  let at = 8;
  return ledger.entries.slice(first - 1, last).map(({ length }, index) => {
    const place = { seqno: first + index, from: at, to: at + length };
    at += length;
    return place;
  });
});

async function flipped(file: number, at: number, bit: number, expected: LedgerExpectation): Promise<LedgerReport> {
  const changed = files.map(({ name, bytes }, index) => {
    if (index !== file) return { name, bytes };
    const copy = bytes.slice();
    copy[at] = (copy[at] ?? 0) ^ bit;
    return { name, bytes: copy };
  });
  return verifyLedger(filesOf(changed), { services, ...expected }, tools);
}

/** The flags of the last entry are covered by nothing: no signature follows it, and its tag does not cover its header. */
function isFlagOfLast(file: number, at: number): boolean {
  const last = entryAt[file]?.at(-1);
  return file === 1 && last !== undefined && at === last.from + 1;
}

test('every flipped byte is noticed with the keys, in its file and its transaction', async () => {
  for (const [file, { name, bytes }] of files.entries()) {
    for (let at = 0; at < bytes.length; at++) {
      if (isFlagOfLast(file, at)) continue;
      const report = await flipped(file, at, 1 << (at % 8), { keys });
      assert.equal(report.holds, false, `${name}, byte ${at}`);
      const entry = entryAt[file]?.find(({ from, to }) => at >= from && at < to);
      const named = report.problems.some(
        (problem) =>
          problem.file === name &&
          (entry === undefined ||
            problem.transactionId === undefined ||
            problem.transactionId.seqno === entry.seqno ||
            problem.offset === entry.from),
      );
      assert.ok(named, `${name}, byte ${at}: ${JSON.stringify(report.problems)}`);
    }
  }
});

test('without the keys every flipped byte before the last signature is noticed too', async () => {
  for (const [file, { name, bytes }] of files.entries()) {
    const last = file === 1 ? entryAt[1]?.at(-1) : undefined;
    for (let at = 0; at < (last?.from ?? bytes.length); at++) {
      const report = await flipped(file, at, 1 << (at % 8), {});
      assert.equal(report.holds, false, `${name}, byte ${at}`);
    }
  }
});
