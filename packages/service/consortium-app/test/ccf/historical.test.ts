import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { utf8 } from '@enclos/codec';
import { v8Engine } from '@enclos/script/v8';

import type { HistoricalState, ReceiptJson, ScriptServices } from '../../src/index.ts';
import { engineTest, evaluate, input, limits, loadModule, noServices, thrownByEach, valueOf } from '../kit/scripts.ts';
import { MemoryTransaction } from '../kit/memory-transaction.ts';
import { historical } from '../../src/ccf/historical/index.ts';
import { KvIterations } from '../../src/ccf/kv/iterations.ts';
import { ScriptSession } from '../../src/session/session.ts';

const common = { signature: 'c2ln', cert: 'PEM', node_id: 'ab', proof: [{ left: 'aa' }, { right: 'bb' }] };
const receipt: ReceiptJson = { ...common, leaf_components: { write_set_digest: 'cc', commit_evidence: 'ce:2.7:x' } };

function stateAt(seqno: number, value: string, of: ReceiptJson = receipt): HistoricalState {
  const transaction = new MemoryTransaction();
  transaction.map('t').set(utf8('k'), utf8(value));
  return { id: { view: 2, seqno }, receipt: of, begin: () => transaction };
}

const range: ScriptServices = {
  ...noServices,
  historical: {
    stateRange: (handle, first, last) => {
      if (handle === 9) throw new Error('no such handle');
      return handle === 1 ? [stateAt(first, 'first'), stateAt(last, 'last')] : undefined;
    },
    dropCachedStates: (handle) => handle === 1,
  },
};
const read = `const text = (kv) => ccf.bufToStr(kv.t.get(ccf.strToBuf('k')));`;

engineTest('the state of a historical endpoint, with its receipt', (engine) => {
  const body = `${read} const s = ccf.historicalState; return [s.transactionId, s.receipt, text(s.kv), ccf.kv.t.size]`;
  assert.deepEqual(evaluate(engine, body, { call: { historicalState: stateAt(7, 'old') } }), [
    '2.7',
    { ...receipt, is_signature_transaction: false },
    'old',
    0,
  ]);
  const signed = { ...common, proof: [], leaf: 'dd' };
  const own = evaluate(engine, 'return ccf.historicalState.receipt', {
    call: { historicalState: stateAt(8, 'x', signed) },
  });
  assert.deepEqual(own, {
    signature: 'c2ln',
    cert: 'PEM',
    node_id: 'ab',
    is_signature_transaction: true,
    root_hex: 'dd',
  });
  assert.equal(evaluate(engine, 'return typeof ccf.historicalState'), 'undefined');
});

engineTest('ranges are read by handle, each state its own tables', (engine) => {
  const body = `${read} const states = ccf.historical.getStateRange(1, 5, 6, 60);
    return [states.map((s) => s.transactionId + text(s.kv)), ccf.historical.getStateRange(2, 5, 6, 60), ccf.historical.dropCachedStates(1), ccf.historical.dropCachedStates(2)]`;
  assert.deepEqual(evaluate(engine, body, { services: range }), [['2.5first', '2.6last'], null, true, false]);
  const refused = 'All tables are read-only during historical transaction.';
  assert.deepEqual(
    thrownByEach(
      engine,
      [
        `ccf.historical.getStateRange(9, 5, 6, 60)`,
        `ccf.historical.getStateRange(1, 5, 6, 60)[0].kv.t.clear()`,
        `ccf.historical.getStateRange(1, 5, 6, 60)[0].kv['ccf.internal.x'].size`,
      ],
      { services: range },
    ).map((text) => String(text).slice(0, 90 + refused.length)),
    [
      'InternalError: Failed to get state range: no such handle',
      `TypeError: Cannot call "clear" on table named t. ${refused}`,
      'TypeError: Cannot call "size" on table named ccf.internal.x. This table is inaccessible in current (application) execution context. See https://microsoft.github.io/CCF/main/audit/read_write_restrictions.html for more detail.'.slice(
        0,
        90 + refused.length,
      ),
    ],
  );
});

engineTest('tables of the past mean nothing in a later call, and never those of another state', (engine) => {
  const source = `${read} let kept, all; export const keep = () => { all = ccf.historicalState.kv; kept = all.t; return kept.size; };
    export const open = () => { const own = ccf.historicalState.kv.t; try { return text(all) } catch (e) { return String(e) + own.size } };
    export const use = () => { const own = ccf.historicalState.kv.t; try { return kept.size } catch (e) { return String(e) + own.size } };`;
  const interpreter = loadModule(engine, source);
  const call = (name: string, seqno: number): unknown =>
    valueOf(
      interpreter.invoke({ module: '/app.js', name }, '[]', input({ historicalState: stateAt(seqno, 'v') }), limits),
    );
  assert.equal(call('keep', 7), 1);
  assert.equal(call('use', 8), 'Error: Internal: Unable to access MapHandle1');
  assert.equal(call('open', 9), 'Error: Internal: Unable to access MapHandle1');
});

engineTest('the tables of a state are built when one of them is read, and once', (engine) => {
  let built = 0;
  const state = stateAt(7, 'v');
  const counted: HistoricalState = {
    ...state,
    begin: () => {
      built += 1;
      return state.begin();
    },
  };
  const setting = { call: { historicalState: counted } };
  evaluate(engine, 'const { kv } = ccf.historicalState; return [typeof kv.t, typeof kv.u]', setting);
  assert.equal(built, 0);
  assert.deepEqual(
    evaluate(engine, 'const { kv } = ccf.historicalState; return [kv.t.size, kv.u.size, kv.t.size]', setting),
    [1, 0, 1],
  );
  assert.equal(built, 1);
});

test('a range goes with the call that asked for it', () => {
  const session = new ScriptSession({ role: 'readonly', services: range, engine: v8Engine() });
  const { historicalRange, historicalState } = historical.host(session);
  assert.ok(historicalRange !== undefined && historicalState !== undefined);
  session.begin(input(), limits);
  assert.equal(historicalRange(1, 5, 6, 60), 2);
  assert.match(String(historicalState(1)), /"transactionId":"2.6"/);
  session.end();
  session.begin(input(), limits);
  assert.equal(historicalState(1), undefined);
});

test('a loop that nothing ended goes with its call', () => {
  const session = new ScriptSession({ role: 'readonly', services: range, engine: v8Engine() });
  const iterations = new KvIterations();
  const map = stateAt(7, 'v').begin().map('t');
  const first = session.begin(input(), limits);
  const [left, other] = [1, 2].map(() => iterations.begin(first, map, () => undefined));
  assert.ok(left !== undefined && other !== undefined);
  assert.ok(iterations.next(first, other));
  const second = session.begin(input(), limits);
  assert.equal(iterations.next(second, left), undefined);
  assert.ok(iterations.next(first, left));
});

engineTest('an interpreter that waits for its next call holds nothing of the past', async (engine) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held: WeakRef<HistoricalState>[] = [];
  const stateRange = (_handle: number, first: number): readonly HistoricalState[] => {
    const state = stateAt(first, 'v');
    held.push(new WeakRef(state));
    return [state];
  };
  const services = { ...noServices, historical: { stateRange, dropCachedStates: () => false } };
  const source = `let all; export const f = () => { all = ccf.historical.getStateRange(1, 5, 5, 60); return all[0].kv.t.size; };`;
  const interpreter = loadModule(engine, source, { services });
  assert.equal(valueOf(interpreter.invoke({ module: '/app.js', name: 'f' }, '[]', input(), limits)), 1);
  assert.equal(held.length, 1);
  for (let tries = 0; tries < 20 && held[0]?.deref() !== undefined; tries += 1) {
    // What a reference was asked for stays until the end of the turn.
    await delay(1);
    collect();
  }
  assert.equal(held[0]?.deref(), undefined);
  interpreter.dispose();
});
