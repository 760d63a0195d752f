import { generateKeyPairSync } from 'node:crypto';
import { loadCcfProgram } from '@enclos/consortium-app';
import { KvStore } from '@enclos/kv';
import { beginPast, type HistoricalState } from '@enclos/ledger-history';
import type { ScriptEngine } from '@enclos/script';
import { atMost, type Figure } from '../harness/figures.ts';
import { median } from '../harness/statistics.ts';

const maxExecutionMs = 100;
const limits = { maxHeapBytes: 100 << 20, maxStackBytes: 1 << 20, maxExecutionMs };
const samples = 3;
const tableEntries = 100_000;

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 4096,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const head = `const c = ccf.crypto, key = ${JSON.stringify(privateKey)}, pss = { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 };`;

const rows = Array.from({ length: tableEntries }, (_, at) => [Buffer.from(`key ${at}`), Buffer.from('value')] as const);

/** What takes long in functions of the host, each with the most that it may be given. */
const slow: Readonly<Record<string, string>> = {
  'RSA key of 4,096 bits': `for (;;) c.generateRsaKeyPair(4096)`,
  'RSA signatures of 4,096 bits': `for (;;) c.sign(pss, key, new ArrayBuffer(8))`,
  'ECDSA key pairs': `for (;;) c.generateEcdsaKeyPair('secp384r1')`,
  'digest of 90 MB': `const much = new ArrayBuffer(90e6); for (;;) c.digest('SHA-512', much)`,
  'signature of 40 MB': `const much = new ArrayBuffer(40e6); for (;;) c.sign(pss, key, much)`,
  'wrapping of 64 KiB': `const long = new ArrayBuffer(65536); for (;;) c.wrapKey(long, new ArrayBuffer(32), { name: 'AES-KWP' })`,
  'text of 45 MB': `const text = 'x'.repeat(45e6); for (;;) ccf.strToBuf(text)`,
  'bytes of 45 MB': `const bytes = new ArrayBuffer(45e6); for (;;) ccf.bufToStr(bytes)`,
  'bytes that are no UTF-8': `const bytes = new Uint8Array(1e7).fill(255).buffer; for (;;) ccf.bufToStr(bytes)`,
  'a table of 100,000 entries': `for (;;) ccf.kv.large.forEach(() => {})`,
  'that table as a state of the past': `for (;;) ccf.historical.getStateRange(1, 7, 7, 60)[0].kv.large.get(new ArrayBuffer(1))`,
  'that table cleared': `for (;;) { ccf.kv.large.clear(); ccf.kv.large.set(new ArrayBuffer(1), new ArrayBuffer(1)) }`,
};

/** How long after its limit of time a script ended that was in a function of the host, in milliseconds: the worst of the medians. */
export function hostOverruns(engine: ScriptEngine): Figure {
  const store = largeStore();
  let worst = { name: '', ms: 0 };
  for (const [name, source] of Object.entries(slow)) {
    const ms = median(Array.from({ length: samples }, () => measure(engine, store, source))) - maxExecutionMs;
    if (ms > worst.ms) worst = { name, ms };
  }
  return {
    what: `script: ended after its limit of time in a function of the host; the worst of ${Object.keys(slow).length}: ${worst.name}`,
    ours: `${worst.ms.toFixed(1)} ms`,
    bound: atMost(20, worst.ms, ' ms'),
  };
}

function largeStore(): KvStore {
  const store = new KvStore();
  const transaction = store.begin();
  const map = transaction.map('large');
  for (const [key, value] of rows) map.set(key, value);
  store.commit(transaction);
  return store;
}

function pastState(): HistoricalState {
  const receipt = { signature: '', cert: '', node_id: '', proof: [] };
  const writes = [{ name: 'large', readVersion: 0, writes: rows, removes: [] }];
  return { id: { view: 2, seqno: 7 }, receipt, begin: (checkTime) => beginPast(7, writes, checkTime) };
}

function measure(engine: ScriptEngine, store: KvStore, source: string): number {
  const ledger = { lastCommitted: () => ({ view: 2, seqno: 1 }), status: () => 'Unknown' as const, viewOf: () => 2 };
  const modules = [{ name: '/app.js', source: `${head} export function f() { ${source} }` }];
  // Never one that is known: its tables are built each time.
  const historical = { stateRange: () => [pastState()], dropCachedStates: () => false };
  const program = { engine, modules, role: 'readwrite', services: { ledger, historical } } as const;
  const interpreter = loadCcfProgram(program, { ...limits, maxExecutionMs: 10_000 });
  const transaction = store.begin();
  const input = { transaction, historicalState: undefined, effects: undefined };
  try {
    const start = performance.now();
    const { outcome } = interpreter.invoke({ module: '/app.js', name: 'f' }, '[]', input, limits);
    const ms = performance.now() - start;
    if (outcome.kind !== 'timeout') throw new Error(`The script ended with ${JSON.stringify(outcome)}.`);
    return ms;
  } finally {
    store.discard(transaction);
    interpreter.dispose();
  }
}
