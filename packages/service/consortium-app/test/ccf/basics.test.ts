import assert from 'node:assert/strict';

import { loadModule, engineTest, evaluate, input, limits, thrownBy, thrownByEach, valueOf } from '../kit/scripts.ts';
import { MemoryTransaction } from '../kit/memory-transaction.ts';

engineTest('text, JSON and bytes convert', (engine) => {
  assert.deepEqual(
    evaluate(
      engine,
      `return [new Uint8Array(ccf.strToBuf('aü€😀')).join(), ccf.bufToStr(ccf.strToBuf('aü€😀')), ccf.bufToStr(new Uint8Array([0xff, 0x41]).buffer),
          ccf.bufToJsonCompatible(ccf.jsonCompatibleToBuf({ a: [1, null] })), ccf.strToBuf('') instanceof ArrayBuffer, ccf.bufToStr(ccf.strToBuf('')) === '']`,
    ),
    ['97,195,188,226,130,172,240,159,152,128', 'aü€😀', '\ufffdA', { a: [1, null] }, true, true],
  );
  assert.deepEqual(
    evaluate(
      engine,
      `return [ccf.enableUntrustedDateTime(true), ccf.enableUntrustedDateTime(false), ccf.enableMetricsLogging(true)]`,
    ),
    [false, true, false],
  );
});

engineTest('tables hold bytes by bytes', (engine) => {
  const transaction = new MemoryTransaction();
  const body = `const t = ccf.kv['records'], b = ccf.strToBuf;
        const before = [t.has(b('k')), t.get(b('k')) === undefined, t.size, t.getVersionOfPreviousWrite(b('k')) === undefined];
        const same = t.set(b('k'), b('v')) === t;
        t.set(b('l'), b(''));
        ccf.kv.records.set(b('m'), b('w'));
        const seen = [];
        t.forEach((v, k, map) => { seen.push(ccf.bufToStr(k) + '=' + ccf.bufToStr(v) + (map === t)); t.set(b('new' + seen.length), v); });
        const gone = t.delete(b('m'));
        const size = t.size;
        ccf.kv.other.set(b('x'), b('y')); ccf.kv.other.clear();
        return [before, same, seen, gone === undefined, size, ccf.bufToStr(t.get(b('k'))), ccf.kv.other.size, 'any' in ccf.kv, ccf.kv.toString.size]`;
  assert.deepEqual(evaluate(engine, body, { call: { transaction } }), [
    [false, true, 0, true],
    true,
    ['k=vtrue', 'l=true', 'm=wtrue'],
    true,
    5,
    'v',
    0,
    true,
    0,
  ]);
  assert.equal(transaction.tables.get('records')?.size, 5);
});

engineTest('a large table is iterated over in pieces', (engine) => {
  const body = `const t = ccf.kv.big; const v = new ArrayBuffer(5000);
        for (let i = 0; i < 60; i++) t.set(ccf.strToBuf(String(i)), v);
        let n = 0; t.forEach((value) => { n += value.byteLength; }); return n`;
  assert.equal(evaluate(engine, body), 300_000);
  assert.equal(
    thrownBy(
      engine,
      `(() => { const t = ccf.kv.t; t.set(ccf.strToBuf('a'), ccf.strToBuf('b')); t.forEach(() => { throw new Error('mine') }) })()`,
    ),
    'Error: mine',
  );
});

engineTest('a handle stays good in later calls, a table of the past does not', (engine) => {
  const interpreter = loadModule(
    engine,
    `const t = ccf.kv.t; let kept;
        export const put = (v) => { t.set(ccf.strToBuf('k'), ccf.strToBuf(v)); };
        export const get = () => { const v = t.get(ccf.strToBuf('k')); return v && ccf.bufToStr(v); };`,
  );
  const first = new MemoryTransaction();
  const second = new MemoryTransaction();
  valueOf(interpreter.invoke({ module: '/app.js', name: 'put' }, '["one"]', input({ transaction: first }), limits));
  valueOf(interpreter.invoke({ module: '/app.js', name: 'put' }, '["two"]', input({ transaction: second }), limits));
  assert.equal(
    valueOf(interpreter.invoke({ module: '/app.js', name: 'get' }, '[]', input({ transaction: first }), limits)),
    'one',
  );
  interpreter.reset();
  assert.equal(
    valueOf(interpreter.invoke({ module: '/app.js', name: 'get' }, '[]', input({ transaction: second }), limits)),
    'two',
  );
});

engineTest('what is refused, in the words of CCF', (engine) => {
  const page = 'See https://microsoft.github.io/CCF/main/audit/read_write_restrictions.html for more detail.';
  const b = `ccf.strToBuf('k')`;
  const refusals = [
    [`ccf.strToBuf(1)`, 'TypeError: Argument must be a string'],
    [`ccf.strToBuf()`, 'TypeError: Passed 0 arguments, but expected 1'],
    [`ccf.strToBuf('a', 'b')`, 'TypeError: Passed 2 arguments, but expected 1'],
    [`ccf.bufToStr(new Uint8Array(1))`, 'TypeError: Argument must be an ArrayBuffer'],
    [`ccf.bufToStr('a')`, 'TypeError: Argument must be an ArrayBuffer'],
    [`ccf.jsonCompatibleToBuf(undefined)`, 'TypeError: Argument must be a string'],
    [`ccf.bufToJsonCompatible({})`, 'TypeError: Argument must be an ArrayBuffer'],
    [`ccf.enableUntrustedDateTime(1)`, 'TypeError: First argument must be a boolean'],
    [`ccf.enableMetricsLogging()`, 'TypeError: Passed 0 arguments, but expected 1'],
    [`ccf.kv.t.get('k')`, 'TypeError: Argument must be an ArrayBuffer'],
    [`ccf.kv.t.has()`, 'TypeError: Passed 0 arguments, but expected 1'],
    [`ccf.kv.t.getVersionOfPreviousWrite({ byteLength: 1 })`, 'TypeError: Argument must be an ArrayBuffer'],
    [`ccf.kv.t.set(${b}, 'v')`, 'TypeError: Arguments must be ArrayBuffers'],
    [`ccf.kv.t.set(${b})`, 'TypeError: Passed 1 arguments, but expected 2'],
    [`ccf.kv.t.delete(new Proxy(new ArrayBuffer(1), {}))`, 'TypeError: Argument must be an ArrayBuffer'],
    [`ccf.kv.t.clear(1)`, 'TypeError: Passed 1 arguments, but expected 0'],
    [`ccf.kv.t.forEach({})`, 'TypeError: Argument must be a function'],
    [`ccf.kv['n'.repeat(5000)].size`, 'RangeError: The name of the table is too long.'],
    [
      `ccf.rpc.setClaimsDigest(new ArrayBuffer(31))`,
      'TypeError: Argument must be an ArrayBuffer of the right size: 32',
    ],
    [`ccf.rpc.setClaimsDigest('x')`, 'TypeError: Argument must be an ArrayBuffer'],
    [`ccf.rpc.setApplyWrites()`, 'TypeError: Passed 0 arguments but expected 1'],
    [`ccf.consensus.getLastCommittedTxId(1)`, 'TypeError: Passed 1 arguments, but expected 0'],
    [`ccf.consensus.getStatusForTxId(-1, 2)`, 'RangeError: Invalid view or seqno: cannot be negative'],
    [`ccf.consensus.getStatusForTxId(2)`, 'TypeError: Passed 1 arguments, but expected 2'],
    [`ccf.consensus.getViewForSeqno(-2)`, 'RangeError: Invalid seqno: cannot be negative'],
    [`ccf.consensus.getViewForSeqno(1e300)`, 'RangeError: number out of range'],
    [`ccf.historical.getStateRange(1, 2, 3)`, 'TypeError: Passed 3 arguments, but expected 4'],
    [`ccf.historical.getStateRange(1, 2, -3, 4)`, 'RangeError: Invalid handle or seqno or expiry: cannot be negative'],
    [`ccf.historical.dropCachedStates(-1)`, 'RangeError: Invalid handle: cannot be negative'],
    [`ccf.pemToId('no certificate')`, /^InternalError: Failed to parse PEM: /],
    [
      `ccf.kv['public:ccf.gov.users.info'].set(${b}, ${b})`,
      `TypeError: Cannot call "set" on table named public:ccf.gov.users.info. This table is read-only in current (application) execution context. ${page}`,
    ],
    [
      `ccf.kv.t.clear()`,
      `TypeError: Cannot call "clear" on table named t. This table is read-only in current (read-only application) execution context. ${page}`,
      'readonly',
    ],
    [
      `ccf.kv['ccf.internal.x'].size`,
      `TypeError: Cannot call "size" on table named ccf.internal.x. This table is inaccessible in current (application) execution context. ${page}`,
    ],
    [
      `ccf.kv['public:t'].get(${b})`,
      `TypeError: Cannot call "get" on table named public:t. This table is write-only in current (read-write governance) execution context. ${page}`,
      'apply',
    ],
    [
      `ccf.kv.t.forEach(() => {})`,
      `TypeError: Cannot call "forEach" on table named t. This table is inaccessible in current (read-only governance) execution context. ${page}`,
      'ballot',
    ],
  ] as const;
  for (const role of ['readwrite', 'readonly', 'apply', 'ballot'] as const) {
    const cases = refusals.filter(([, , wanted = 'readwrite']) => wanted === role);
    const got = thrownByEach(
      engine,
      cases.map(([expression]) => expression),
      { role },
    );
    for (const [index, [expression, expected]] of cases.entries()) {
      if (typeof expected === 'string') assert.equal(got[index], expected, expression);
      else assert.match(String(got[index]), expected, expression);
    }
  }
});

engineTest('namespaces by role', (engine) => {
  const names = `return ['kv', 'rpc', 'consensus', 'historical', 'node', 'network', 'gov'].filter((name) => name in ccf)`;
  assert.deepEqual(evaluate(engine, names), ['kv', 'rpc', 'consensus', 'historical']);
  assert.deepEqual(evaluate(engine, names, { role: 'ballot' }), ['kv']);
});

engineTest('console goes to the logger, so much at most', (engine) => {
  const lines: string[] = [];
  const services = {
    ledger: {
      lastCommitted: () => ({ view: 2, seqno: 14 }),
      status: () => 'Pending' as const,
      viewOf: (seqno: number) => (seqno === 14 ? 2 : undefined),
    },
    log: (level: string, line: string) => lines.push(`${level} ${line}`),
  };
  evaluate(
    engine,
    `console.log('a', 1, { b: [2] }, null, undefined); console.warn(new Error('e')); console.error('x'.repeat(9000)); for (let i = 0; i < 2000; i++) console.info(i)`,
    { services },
  );
  assert.deepEqual(lines.slice(0, 2), ['info a 1 {"b":[2]} null undefined', 'warn Error: e']);
  assert.equal(lines[2]?.length, 'error '.length + 8193);
  assert.equal(lines.length, 1000);
  assert.deepEqual(
    evaluate(
      engine,
      `return [ccf.consensus.getLastCommittedTxId(), ccf.consensus.getStatusForTxId(2, 3), ccf.consensus.getViewForSeqno(14), ccf.consensus.getViewForSeqno(15)]`,
      { services },
    ),
    [{ view: 2, seqno: 14 }, 'Pending', 2, null],
  );
});

engineTest('random numbers come from the host', (engine) => {
  const drawn = evaluate(engine, `return Array.from({ length: 300 }, () => Math.random())`) as number[];
  assert.equal(new Set(drawn).size, 300);
  assert.ok(drawn.every((value) => value >= 0 && value < 1));
  assert.equal(evaluate(engine, `return String(Math.random).includes('host.randomNumber')`), true);
});
