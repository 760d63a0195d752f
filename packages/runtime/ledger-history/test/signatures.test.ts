import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { readLedgerCertificate, readReceipt, verifyReceipt } from '@enclos/ledger/proof';
import type { HistoricalState } from '../src/index.ts';
import {
  historyOver,
  ledger,
  node,
  party,
  pastServices,
  service,
  statesOf,
  tools,
  type LittleLedger,
} from './little-ledger.ts';

const services = pastServices.map(({ certificate }) => certificate);

/** The state of seqno 1, or why there is none. */
async function stateOf(bytes: readonly Uint8Array[], view: number): Promise<unknown> {
  const found = await statesOf(historyOver(bytes, {}, view));
  return Array.isArray(found) ? found[0] : found;
}

const valueOf = (state: unknown): string => {
  assert.ok(state instanceof Object && 'begin' in state, String(state));
  const past = (state as HistoricalState).begin();
  return String.fromCharCode(...(past.map('records').get(utf8('k')) ?? []));
};

test('what a service signed in a view that came to nothing is not its past', async () => {
  const kept = ledger({ view: 3, texts: ['kept'], signers: ['node', 'service'] });
  const undone = ledger({ view: 2, texts: ['undone'], signers: ['node', 'service'] });
  assert.equal(valueOf(await stateOf(kept, 3)), 'kept');
  // Signatures, certificates and encryption of the other hold: only the view tells. Without that check a host chooses.
  assert.equal(valueOf(await stateOf(undone, 2)), 'undone');
  assert.ok(isEnclosError(await stateOf(undone, 3), 'LEDGER_UNPROVEN'));
});

test('an entry beside the signature of another history is refused, and so is one that nobody signed', async () => {
  const [one, another] = [
    ledger({ view: 2, texts: ['one'], signers: ['node', 'service'] }),
    ledger({ view: 2, texts: ['another'], signers: ['node', 'service'] }),
  ];
  assert.ok(isEnclosError(await stateOf([...another.slice(0, 1), ...one.slice(1)], 2), 'LEDGER_UNPROVEN'));
  assert.ok(
    isEnclosError(await stateOf(ledger({ view: 2, texts: ['unsigned'], signers: [] }), 2), 'LEDGER_UNAVAILABLE'),
  );
});

test('a ledger that the service signs by COSE alone gives receipts in COSE, and none in JSON', async () => {
  const state = await stateOf(ledger({ view: 2, texts: ['cose'], signers: ['service'] }), 2);
  assert.equal(valueOf(state), 'cose');
  const { coseReceipt } = state as HistoricalState;
  const proven = await verifyReceipt(readReceipt(coseReceipt ?? utf8('')), { services }, tools);
  assert.deepEqual(proven.transactionId, { view: 2, seqno: 1 });
  assert.throws(
    () => (state as HistoricalState).receipt,
    (error) => isEnclosError(error, 'LEDGER_UNAVAILABLE'),
  );
});

test('a ledger that nodes alone sign gives receipts in JSON', async () => {
  const state = (await stateOf(ledger({ view: 2, texts: ['node'], signers: ['node'] }), 2)) as HistoricalState;
  assert.equal(valueOf(state), 'node');
  assert.equal(state.coseReceipt, undefined);
  await verifyReceipt(readReceipt(utf8(JSON.stringify(state.receipt))), { services }, tools);
});

test('a signature of the node must be one, over this root, by a node of the service, and name its place', async () => {
  const stranger = party('stranger');
  const lies: readonly (readonly [LittleLedger, RegExp])[] = [
    [{ root: new Uint8Array(32) }, /another root/],
    [{ certificate: null }, /does not hold the certificate/],
    [{ by: party('node', stranger) }, /./],
    [{ by: stranger, certificate: node.certificate }, /./],
    [{ named: { view: 2, seqno: 9 } }, /in transaction 2\.2 is that of 2\.9/],
    [{ named: { view: 3, seqno: 2 } }, /in transaction 2\.2 is that of 3\.2/],
  ];
  for (const [lie, reason] of lies) {
    const found = await stateOf(ledger({ signers: ['node'], ...lie }), 2);
    assert.ok(isEnclosError(found, 'LEDGER_UNPROVEN') && reason.test(found.message), String(found));
    assert.notEqual(found.details['rule'], undefined);
  }
});

test('a signature of the service must be one, by a service that is known, and name its place', async () => {
  const lies: readonly LittleLedger[] = [{ byService: party('another') }, { named: { view: 2, seqno: 9 } }];
  for (const lie of lies) {
    const found = await stateOf(ledger({ signers: ['service'], ...lie }), 2);
    assert.ok(isEnclosError(found, 'LEDGER_UNPROVEN'), String(found));
  }
  // Either wrong one is enough where both are there.
  assert.ok(isEnclosError(await stateOf(ledger({ byService: party('another') }), 2), 'LEDGER_UNPROVEN'));
});

test('a tree of another size is not that of its signature', async () => {
  const two = ledger({ texts: ['a', 'b'] });
  const found = await stateOf([...two.slice(0, 1), ...two.slice(2)], 2);
  assert.ok(isEnclosError(found, 'LEDGER_UNAVAILABLE'), String(found));
  const empty = await stateOf(ledger({ tree: new Uint8Array(16) }), 2);
  assert.ok(isEnclosError(empty), String(empty));
});

test('receipts lead to the service of now by the endorsements of the one that signed', async () => {
  const others = [{ certificate: readLedgerCertificate(party('now').certificate) }];
  const endorsements = [service.certificate];
  for (const signers of [['node'], ['service'], ['node', 'service']] as const) {
    const past = pastServices.map(({ certificate }) => ({ certificate, endorsements }));
    const found = await statesOf(historyOver(ledger({ signers }), { services: () => [...others, ...past] }));
    assert.ok(Array.isArray(found), String(found));
    const [state] = found as HistoricalState[];
    if (signers.some((each) => each === 'node')) assert.deepEqual(state?.receipt.service_endorsements, endorsements);
    assert.equal(
      state?.coseReceipt === undefined,
      signers.every((each) => each !== 'service'),
    );
  }
});

test('a signature is a state too, with a receipt of its own', async () => {
  const found = await statesOf(historyOver(ledger()), 1, 2);
  assert.ok(Array.isArray(found), String(found));
  const [first, second] = found as HistoricalState[];
  assert.notEqual(first?.receipt.leaf_components, undefined);
  assert.equal(second?.receipt.leaf_components, undefined);
  assert.equal(second?.coseReceipt, undefined);
  await verifyReceipt(readReceipt(utf8(JSON.stringify(second?.receipt))), { services }, tools);
});
