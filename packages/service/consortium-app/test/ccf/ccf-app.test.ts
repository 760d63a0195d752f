import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';

import { buildSync } from 'esbuild';

import { engineTest, evaluate, input, limits, loadModule, noServices, valueOf } from '../kit/scripts.ts';

const modules = [
  'consensus',
  'converters',
  'crypto',
  'endpoints',
  'historical',
  'kv',
  'snp_attestation',
  'textcodec',
  'global',
];

/** What 6.0.1 exports at run time. */
const exported: Readonly<Record<string, string>> = {
  consensus: 'getLastCommittedTxId getStatusForTxId getViewForSeqno',
  converters:
    'arrayBuffer bool checkedJson float32 float64 int16 int32 int64 int8 json string typedArray uint16 uint32 uint64 uint8',
  crypto:
    'digest eddsaJwkToPem eddsaPemToJwk generateAesKey generateEcdsaKeyPair generateEddsaKeyPair generateRsaKeyPair isValidX509CertBundle isValidX509CertChain jwkToPem pemToJwk pubEddsaJwkToPem pubEddsaPemToJwk pubJwkToPem pubPemToJwk pubRsaJwkToPem pubRsaPemToJwk rsaJwkToPem rsaPemToJwk sign unwrapKey verifySignature wrapKey',
  endpoints: 'setApplyWrites setClaimsDigest',
  historical: 'dropCachedStates getStateRange historicalState',
  kv: 'TypedKvMap TypedKvSet rawKv typedKv typedKvSet',
  snp_attestation: 'verifySnpAttestation',
  textcodec: 'TextEncoder',
  global: 'ccf snp_attestation',
};

/** The package as an application holds it: bundled, and otherwise unmodified. */
function bundled(source: string, wanted: readonly string[] = modules): string {
  const imports = wanted.map((name) => `import * as ${name} from '@microsoft/ccf-app/${name}.js';`);
  const contents = `${imports.join('\n')}\n${source}`;
  const options = { bundle: true, write: false, format: 'esm', platform: 'neutral', logLevel: 'silent' } as const;
  const { outputFiles } = buildSync({ ...options, stdin: { contents, resolveDir: import.meta.dirname } });
  return outputFiles[0]?.text ?? '';
}

engineTest('every value that the package exports is there', (engine) => {
  const listing = `export const list = () => { const all = { ${modules.join(', ')} };
    return Object.fromEntries(Object.entries(all).map(([module, values]) => [module, Object.keys(values).sort()]));};
    export const absent = () => { const all = { ${modules.join(', ')} };
    return Object.entries(all).flatMap(([module, values]) => Object.entries(values).filter(([, v]) => v === undefined).map(([n]) => module + '.' + n)); }`;
  const interpreter = loadModule(engine, bundled(listing));
  const list = valueOf(interpreter.invoke({ module: '/app.js', name: 'list' }, '[]', input(), limits));
  const wanted = Object.entries(exported).map(([module, names]) => [module, names.split(' ').toSorted()]);
  assert.deepEqual(list, Object.fromEntries(wanted));
  const absent = valueOf(interpreter.invoke({ module: '/app.js', name: 'absent' }, '[]', input(), limits));
  assert.deepEqual(absent, ['historical.historicalState'], 'there is one in historical endpoints only');
});

const pem = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;
const keys = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048, ...pem }),
  ec: generateKeyPairSync('ec', { namedCurve: 'prime256v1', ...pem }),
  ed: generateKeyPairSync('ed25519', pem),
};

/** Results that do not depend on chance, of everything that the package's own stand-in for the global has too. */
const scenario = bundled(
  `const c = converters, hex = (x) => Array.from(new Uint8Array(x), (v) => v.toString(16).padStart(2, '0')).join('');
  const b = (text) => new textcodec.TextEncoder().encode(text).buffer;
  const caught = (f) => { try { return f(); } catch (e) { return e.constructor.name; } };
  const both = (converter, values) => values.map((value) => {
    const encoded = converter.encode(value), decoded = converter.decode(encoded);
    return [hex(encoded), typeof decoded === 'bigint' ? String(decoded) : decoded instanceof ArrayBuffer || ArrayBuffer.isView(decoded) ? hex(decoded.buffer ?? decoded) : decoded];
  });
  export function convert() {
    return [both(c.bool, [true, false]), both(c.int8, [-128, 127]), both(c.uint8, [0, 255]), both(c.int16, [-32768]), both(c.uint16, [65535]),
      both(c.int32, [-(2 ** 31)]), both(c.uint32, [2 ** 32 - 1]), both(c.int64, [-(2n ** 63n)]), both(c.uint64, [2n ** 64n - 1n]), both(c.float32, [1.5]), both(c.float64, [0.1]),
      both(c.string, ['', 'aü€😀']), both(c.json(), [{ a: [1, null, 'x'] }]), both(c.checkedJson(), [[1, 'x']]), both(c.typedArray(Uint8Array), [new Uint8Array([1, 2])]), both(c.arrayBuffer, [b('x')]),
      caught(() => c.int8.encode(200)), caught(() => c.int8.encode('1')), caught(() => c.checkedJson().encode({ a: undefined })), caught(() => c.string.encode(1)), caught(() => c.json().decode(b('{')))];
  }
  export function tables() {
    const map = kv.typedKv('people', c.string, c.json()), set = kv.typedKvSet(kv.rawKv['names'], c.uint32), seen = [], members = [];
    const before = [map.has('a'), map.get('a') === undefined, map.size];
    map.set('a', { age: 1 }).set('b', { age: 2 });
    set.add(7).add(8).add(7);
    map.forEach((value, key, table) => { seen.push(key + value.age + (table === map)); });
    set.forEach((key, table) => { members.push(key + String(table === set)); });
    map.delete('b'); set.delete(8); map.delete('absent');
    const after = [map.size, set.size, set.has(7), hex(kv.rawKv['names'].get(c.uint32.encode(7))), kv.typedKv('people', c.string, c.json()).get('a')];
    map.clear(); set.clear();
    return [before, seen.sort(), members.sort(), after, map.size, set.size];
  }
  export function cryptography(keys) {
    const k = b('0123456789abcdef0123456789abcdef'), kwp = { name: 'AES-KWP' };
    const verify = (a, key, s) => [crypto.verifySignature(a, key, s, b('data')), crypto.verifySignature(a, key, s, b('other'))];
    const es = { name: 'ECDSA', hash: 'SHA-256' }, ps = { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 }, ed = { name: 'EdDSA' };
    const bytes = (x) => new Uint8Array(x).slice().buffer;
    return [hex(crypto.digest('SHA-256', b('x'))), hex(crypto.sign({ name: 'HMAC', hash: 'SHA-256' }, 'key', b('data'))),
      hex(crypto.wrapKey(b('secret'), k, kwp)), hex(crypto.unwrapKey(crypto.wrapKey(b('secret'), k, kwp), k, kwp)),
      hex(crypto.unwrapKey(crypto.wrapKey(b('s'), b(keys.rsa.publicKey), { name: 'RSA-OAEP' }), b(keys.rsa.privateKey), { name: 'RSA-OAEP' })),
      /* The stand-in needs its own this for this algorithm. */
      hex(ccf.crypto.unwrapKey(ccf.crypto.wrapKey(b('s'), b(keys.rsa.publicKey), { name: 'RSA-OAEP-AES-KWP', aesKeySize: 256 }), b(keys.rsa.privateKey), { name: 'RSA-OAEP-AES-KWP', aesKeySize: 256 })),
      verify(es, keys.ec.publicKey, bytes(crypto.sign(es, keys.ec.privateKey, b('data')))), verify(ps, keys.rsa.publicKey, bytes(crypto.sign(ps, keys.rsa.privateKey, b('data')))),
      verify(ed, keys.ed.publicKey, bytes(crypto.sign(ed, keys.ed.privateKey, b('data')))),
      crypto.pubPemToJwk(keys.ec.publicKey, 'id'), crypto.pemToJwk(keys.ec.privateKey), crypto.pubRsaPemToJwk(keys.rsa.publicKey), crypto.rsaPemToJwk(keys.rsa.privateKey),
      crypto.pubEddsaPemToJwk(keys.ed.publicKey), crypto.eddsaPemToJwk(keys.ed.privateKey, 'id'),
      crypto.jwkToPem(crypto.pemToJwk(keys.ec.privateKey)) === keys.ec.privateKey, crypto.pubJwkToPem(crypto.pubPemToJwk(keys.ec.publicKey)) === keys.ec.publicKey,
      crypto.generateAesKey(192).byteLength, crypto.isValidX509CertBundle('none'), crypto.isValidX509CertChain('none', 'none')];
  }`,
  ['converters', 'crypto', 'kv', 'textcodec'],
);

interface Scenario {
  convert(): unknown;
  tables(): unknown;
  cryptography(given: typeof keys): unknown;
}

// The package's own stand-in is a global of the process; this file has no other use of the name.
await import('@microsoft/ccf-app/polyfill.js');
const standIn = (await import(`data:text/javascript;base64,${Buffer.from(scenario).toString('base64')}`)) as Scenario;
const jsonOf = (value: unknown): unknown => JSON.parse(JSON.stringify(sorted(value)));
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((name) => [name, sorted(Reflect.get(value, name))]),
  );
};

engineTest("it answers as on the package's own stand-in for the global", (engine) => {
  const interpreter = loadModule(engine, scenario);
  const call = (name: string, values: readonly unknown[]): unknown =>
    jsonOf(valueOf(interpreter.invoke({ module: '/app.js', name }, JSON.stringify(values), input(), limits)));
  assert.deepEqual(call('convert', []), jsonOf(standIn.convert()));
  assert.deepEqual(call('tables', []), jsonOf(standIn.tables()));
  assert.deepEqual(call('cryptography', [keys]), jsonOf(standIn.cryptography(keys)));
});

engineTest('what the stand-in lacks works too', (engine) => {
  const source =
    bundled(`export const all = () => [consensus.getLastCommittedTxId(), consensus.getStatusForTxId(2, 14), consensus.getViewForSeqno(14),
    historical.getStateRange(1, 2, 3, 4), historical.dropCachedStates(1), endpoints.setApplyWrites(true), endpoints.setClaimsDigest(new ArrayBuffer(32)),
    crypto.generateEddsaKeyPair('curve25519').publicKey.length > 0, kv.typedKv('t', converters.string, converters.string).getVersionOfPreviousWrite('k') === undefined,
    global.ccf === globalThis.ccf, global.snp_attestation === globalThis.snp_attestation];`);
  const interpreter = loadModule(engine, source, { services: noServices });
  const { outcome, call } = interpreter.invoke({ module: '/app.js', name: 'all' }, '[]', input(), limits);
  const wanted = [{ view: 2, seqno: 14 }, 'Unknown', null, null, false, null, null, true, true, true, true];
  assert.deepEqual(valueOf({ outcome, call }), wanted);
  assert.equal(call.applyWrites, true);
});

test('the list above is that of the package', async () => {
  for (const name of ['converters', 'kv', 'textcodec', 'crypto', 'global']) {
    const found = (await import(`@microsoft/ccf-app/${name}.js`)) as object;
    assert.equal(Object.keys(found).toSorted().join(' '), exported[name], name);
  }
});

engineTest('a module that needs its global finds it when it is evaluated', (engine) => {
  assert.equal(evaluate(engine, `return typeof early`, { modules: {} }), 'undefined');
  const source = `import { early } from './early.js'; export const f = () => early;`;
  const interpreter = loadModule(engine, source, {
    modules: { '/early.js': `export const early = Object.keys(ccf).includes('kv');` },
  });
  assert.equal(valueOf(interpreter.invoke({ module: '/app.js', name: 'f' }, '[]', input(), limits)), true);
});
