import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';

import { utf8 } from '@enclos/codec';
import { KvStore } from '@enclos/kv';
import type { WriteSet } from '@enclos/ledger';
import { beginPast } from '@enclos/ledger-history';
import type { ScriptEngine, ScriptOutcome } from '@enclos/script';
import { quickJsEngine } from '@enclos/script/quickjs';
import { quickJsTest } from '@enclos/testkit';

import type { HistoricalState, ScriptRole, ScriptServices } from '../../src/index.ts';
import { input, limits, loadModule, noServices } from '../kit/scripts.ts';

const encoding = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048, ...encoding });
const ec = generateKeyPairSync('ec', { namedCurve: 'secp384r1', ...encoding });
const ed = generateKeyPairSync('ed25519', encoding);
const helpers = `const b = ccf.strToBuf, c = ccf.crypto, rsa = ${JSON.stringify(rsa)}, ec = ${JSON.stringify(ec)}, ed = ${JSON.stringify(ed)};
  const large = new ArrayBuffer(5 << 20), pss = { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 }, ecdsa = { name: 'ECDSA', hash: 'SHA-384' };
  const five = (call) => { for (let n = 0; n < 5; n += 1) call(); };
  const failing = (call) => five(() => { try { call(); } catch {} });
  const fill = (t) => { for (let n = 0; n < 5000; n += 1) t.set(b('key' + n), b('v')); return t; };`;

let clock = (): number => 0;
let quickJs: ScriptEngine | undefined;

/** One for all: to compile it takes longer than a test. */
function sharedEngine(wasm: Uint8Array): ScriptEngine {
  quickJs ??= quickJsEngine({ wasm, machine: { monotonicMs: () => clock() } });
  return quickJs;
}

/** A clock that goes on by a millisecond whenever a function of the host looks at the time: the time is a count of looks. */
class CountingEngine implements ScriptEngine {
  readonly name = 'counting';
  looks = 0;
  readonly #engine: ScriptEngine;
  readonly #isOff: boolean;

  /** @param isOff without the defence: no look ends anything. */
  constructor(wasm: Uint8Array, isOff: boolean) {
    this.#engine = sharedEngine(wasm);
    clock = () => (isOff ? 0 : this.looks);
    this.#isOff = isOff;
  }

  load(...given: Parameters<ScriptEngine['load']>): ReturnType<ScriptEngine['load']> {
    const interpreter = this.#engine.load(...given);
    return {
      call: (...values) => interpreter.call(...values),
      checkTime: () => {
        this.looks += 1;
        if (!this.#isOff) interpreter.checkTime();
      },
      reset: () => interpreter.reset(),
      dispose: () => interpreter.dispose(),
    };
  }
}

let store: KvStore | undefined;

/** What scripts find in tables before they write. */
function stored(): KvStore {
  if (store !== undefined) return store;
  store = new KvStore();
  const transaction = store.begin();
  for (let n = 0; n < 5000; n += 1) transaction.map('stored').set(utf8(`key${n}`), utf8('v'));
  transaction.map('large').set(utf8('k'), new Uint8Array(5 << 20));
  store.commit(transaction);
  return store;
}

/** A state of the past of so many rows. */
function stateOf(rows: number, value: Uint8Array): HistoricalState {
  const writes = Array.from({ length: rows }, (_, at) => [utf8(`key${at}`), value] as const);
  const of: WriteSet = [{ name: 't', readVersion: 0, writes, removes: [] }];
  const receipt = { signature: '', cert: '', node_id: '', proof: [] };
  return { id: { view: 2, seqno: 7 }, receipt, begin: (checkTime) => beginPast(7, of, checkTime) };
}

const services: ScriptServices = {
  ...noServices,
  historical: {
    stateRange: (handle) => {
      if (handle === 2) return [stateOf(5000, utf8('v'))];
      return handle === 3 ? [stateOf(5, new Uint8Array(2 ** 20))] : undefined;
    },
    dropCachedStates: () => false,
  },
};

function run(engine: ScriptEngine, body: string, role: ScriptRole): ScriptOutcome {
  const interpreter = loadModule(engine, `export function f() { ${helpers}\n${body} }`, { role, services });
  const within = { ...limits, maxExecutionMs: 3 };
  const { outcome } = interpreter.invoke(
    { module: '/app.js', name: 'f' },
    '[]',
    input({ transaction: stored().begin() }),
    within,
  );
  interpreter.dispose();
  return outcome;
}

/** Each looks at the time more than three times, between steps of a few milliseconds at most. */
const attempts: Readonly<Record<string, string>> = {
  'the search for an RSA key': `c.generateRsaKeyPair(1024)`,
  'a digest of much': `c.digest('SHA-512', large)`,
  'an HMAC of much': `c.sign({ name: 'HMAC', hash: 'SHA-256' }, 'key', large)`,
  'an ECDSA signature of much': `c.sign(ecdsa, ec.privateKey, large)`,
  'an RSA signature of much': `c.sign(pss, rsa.privateKey, large)`,
  'an ECDSA verification of much': `c.verifySignature(ecdsa, ec.publicKey, new ArrayBuffer(96), large)`,
  'an RSA verification of much': `c.verifySignature(pss, rsa.publicKey, new ArrayBuffer(256), large)`,
  digests: `five(() => c.digest('SHA-256', b('x')))`,
  'ECDSA key pairs': `five(() => c.generateEcdsaKeyPair('secp384r1'))`,
  'EdDSA key pairs': `five(() => c.generateEddsaKeyPair('x25519'))`,
  'AES keys': `five(() => c.generateAesKey(256))`,
  'RSA signatures': `five(() => c.sign(pss, rsa.privateKey, b('x')))`,
  'ECDSA signatures': `five(() => c.sign(ecdsa, ec.privateKey, b('x')))`,
  'EdDSA signatures': `five(() => c.sign({ name: 'EdDSA' }, ed.privateKey, b('x')))`,
  'EdDSA verifications': `five(() => c.verifySignature({ name: 'EdDSA' }, ed.publicKey, new ArrayBuffer(64), b('x')))`,
  'keys wrapped by RSA': `five(() => c.wrapKey(b('k'), b(rsa.publicKey), { name: 'RSA-OAEP' }))`,
  'keys wrapped by AES': `five(() => c.wrapKey(b('k'), new ArrayBuffer(32), { name: 'AES-KWP' }))`,
  'keys unwrapped': `failing(() => c.unwrapKey(new ArrayBuffer(256), b(rsa.privateKey), { name: 'RSA-OAEP' }))`,
  'PEM to JWK': `five(() => c.rsaPemToJwk(rsa.privateKey))`,
  'JWK to PEM': `const jwk = c.pemToJwk(ec.privateKey); five(() => c.jwkToPem(jwk))`,
  'bundles of certificates': `five(() => c.isValidX509CertBundle('-----BEGIN CERTIFICATE-----'))`,
  'chains of certificates': `five(() => c.isValidX509CertChain('', ''))`,
  'a long text to bytes': `b('x'.repeat(5 << 20))`,
  'long bytes to a text': `ccf.bufToStr(large)`,
  'a loop over a table': `fill(ccf.kv.t).forEach(() => {})`,
  'a loop over a large entry': `ccf.kv.t.set(b('k'), large); ccf.kv.t.forEach(() => {})`,
  'a loop over a table of which nothing is left': `for (let n = 0; n < 5000; n += 1) ccf.kv.stored.delete(b('key' + n)); ccf.kv.stored.forEach(() => {})`,
  'a loop over a large entry that was there': `ccf.kv.large.forEach(() => {})`,
  'a large value written': `ccf.kv.t.set(b('k'), large)`,
  'a large value read': `ccf.kv.large.get(b('k'))`,
  'a table cleared': `fill(ccf.kv.t).clear()`,
  'sizes of a table': `five(() => ccf.kv.t.size)`,
  'attestation reports': `failing(() => snp_attestation.verifySnpAttestation(new ArrayBuffer(1184), b('x')))`,
  'tables of the past of many rows': `ccf.historical.getStateRange(2, 7, 7, 60)[0].kv.t.get(b('x'))`,
  'tables of the past of large rows': `ccf.historical.getStateRange(3, 7, 7, 60)[0].kv.t.get(b('x'))`,
  'ranges of states of the past': `five(() => ccf.historical.getStateRange(1, 1, 2, 3))`,
};

const attemptsOf: Readonly<Record<'validate' | 'apply', Readonly<Record<string, string>>>> = {
  validate: {
    constitutions: `failing(() => ccf.gov.validateConstitution('export function apply() {}'))`,
  },
  apply: {
    'a set of keys of an issuer': `const jwk = c.pubPemToJwk(ec.publicKey); const keys = Array.from({ length: 5 }, (_, n) => ({ ...jwk, kid: 'k' + n })); ccf.setJwtPublicSigningKeys('https://issuer.example', {}, { keys })`,
    'modules that are compiled': `five(() => ccf.refreshAppBytecodeCache())`,
  },
};

const all = [
  ...Object.entries(attempts).map(([name, body]) => ({ name, body, role: 'readwrite' as const })),
  ...(['validate', 'apply'] as const).flatMap((role) =>
    Object.entries(attemptsOf[role]).map(([name, body]) => ({ name, body, role })),
  ),
];

for (const { name, body, role } of all) {
  quickJsTest(`no function of the host outlives the time of the script: ${name}`, (wasm) => {
    const engine = new CountingEngine(wasm, false);
    assert.deepEqual(run(engine, body, role), { kind: 'timeout' });
    assert.ok(engine.looks <= 4, 'nothing goes on but the look after the call');
    const off = new CountingEngine(wasm, true);
    assert.equal(run(off, body, role).kind, 'returned', 'without the defence it goes on to its end');
    assert.ok(off.looks > 3);
  });
}

/** What no look could part into steps is bounded before anything is computed. */
const refusals: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a private key of many bits': [
    `c.sign(pss, c.rsaJwkToPem(numbers(1024, 512)), b('x'))`,
    /a private RSA key has at most 4096 bits/,
  ],
  'primes that are longer than the modulus': [
    `c.sign(pss, c.rsaJwkToPem(numbers(128, 512)), b('x'))`,
    /of other sizes than its modulus demands/,
  ],
  'an exponent that is longer than the modulus': [
    `c.sign(pss, c.rsaJwkToPem({ ...numbers(128, 64), d: bytes(512) }), b('x'))`,
    /of other sizes than its modulus demands/,
  ],
  'a long PEM': [`c.rsaPemToJwk('x'.repeat(65537))`, /a key has at most 65536 bytes/],
  'a long JWK': [`c.pubRsaJwkToPem({ kty: 'RSA', e: 'AQAB', n: 'x'.repeat(65537) })`, /a key has at most 65536 bytes/],
  'a long secret': [
    `c.sign({ name: 'HMAC', hash: 'SHA-256' }, 'x'.repeat(65537), b('x'))`,
    /a key has at most 65536 bytes/,
  ],
  'much data for EdDSA': [`c.sign({ name: 'EdDSA' }, ed.privateKey, large)`, /EdDSA takes at most 2097152 bytes/],
  'much data for EdDSA to verify': [
    `c.verifySignature({ name: 'EdDSA' }, ed.publicKey, new ArrayBuffer(64), large)`,
    /EdDSA takes at most 2097152 bytes/,
  ],
  'much to wrap': [`c.wrapKey(large, new ArrayBuffer(32), { name: 'AES-KWP' })`, /at most 65536 bytes are wrapped/],
  'much to unwrap': [`c.unwrapKey(large, new ArrayBuffer(32), { name: 'AES-KWP' })`, /at most 65536 bytes are wrapped/],
  'a long label': [
    `c.wrapKey(b('k'), b(rsa.publicKey), { name: 'RSA-OAEP', label: large })`,
    /a label has at most 65536 bytes/,
  ],
  'a long certificate': [`ccf.pemToId('x'.repeat(65537))`, /a certificate has at most 65536 bytes/],
  'long endorsements': [
    `snp_attestation.verifySnpAttestation(new ArrayBuffer(1184), large)`,
    /The endorsements have more than 65536 bytes/,
  ],
};

const numbers = `const bytes = (n) => 'x'.repeat(n * 4 / 3 | 0);
  const numbers = (n, half) => ({ kty: 'RSA', n: bytes(n), e: 'AQAB', d: bytes(n), p: bytes(half), q: bytes(half), dp: bytes(half), dq: bytes(half), qi: bytes(half) });`;

for (const [name, [expression, expected]] of Object.entries(refusals)) {
  quickJsTest(`what a function of the host cannot part into steps has a bound: ${name}`, (wasm) => {
    const body = `${numbers} try { ${expression} } catch (error) { return String(error); }`;
    const outcome = run(new CountingEngine(wasm, true), body, 'readwrite');
    assert.ok(outcome.kind === 'returned');
    assert.match(String(outcome.value), expected);
  });
}
