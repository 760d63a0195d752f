import assert from 'node:assert/strict';
import {
  constants,
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  verify,
} from 'node:crypto';

import type { ScriptEngine } from '@enclos/script';

import { engineTest, evaluate, thrownBy, thrownByEach } from '../kit/scripts.ts';

const pem = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048, ...pem });
const ec = generateKeyPairSync('ec', { namedCurve: 'secp384r1', ...pem });
const ed = generateKeyPairSync('ed25519', pem);
const helpers = `const b = ccf.strToBuf, c = ccf.crypto; const hex = (x) => Array.from(new Uint8Array(x), (v) => v.toString(16).padStart(2, '0')).join('');
  const rsa = ${JSON.stringify(rsa)}, ec = ${JSON.stringify(ec)}, ed = ${JSON.stringify(ed)};`;
const data = new TextEncoder().encode('data');

const run = (engine: ScriptEngine, body: string): unknown => evaluate(engine, helpers + body);
const thrown = (engine: ScriptEngine, expression: string): unknown =>
  thrownBy(engine, `(() => { ${helpers} return ${expression} })()`);
engineTest('digests and HMACs are those of node:crypto', (engine) => {
  for (const [name, hash] of [
    ['SHA-256', 'sha256'],
    ['SHA-384', 'sha384'],
    ['SHA-512', 'sha512'],
  ] as const) {
    assert.equal(
      run(engine, `return hex(c.digest('${name}', b('data')))`),
      createHash(hash).update(data).digest('hex'),
    );
    assert.equal(
      run(engine, `return hex(c.sign({ name: 'HMAC', hash: '${name}' }, 'key', b('data')))`),
      createHmac(hash, 'key').update(data).digest('hex'),
    );
  }
  assert.equal(
    run(engine, `return hex(ccf.digest('SHA-256', b('data')))`),
    createHash('sha256').update(data).digest('hex'),
  );
});

engineTest('signatures verify here and elsewhere, and not over other data', (engine) => {
  for (const [algorithm, key] of [
    [{ name: 'ECDSA', hash: 'SHA-256' }, 'ec'],
    [{ name: 'ECDSA', hash: 'SHA-384' }, 'ec'],
    [{ name: 'RSA-PSS', hash: 'SHA-256' }, 'rsa'],
    [{ name: 'RSA-PSS', hash: 'SHA-512', saltLength: 32 }, 'rsa'],
    [{ name: 'EdDSA' }, 'ed'],
  ] as const) {
    const body = `const a = ${JSON.stringify(algorithm)}; const s = c.sign(a, ${key}.privateKey, b('data'));
          return [hex(s), c.verifySignature(a, ${key}.publicKey, s, b('data')), c.verifySignature(a, ${key}.publicKey, s, b('Data')), c.verifySignature(a, ${key}.publicKey, new ArrayBuffer(3), b('data'))]`;
    const [signature, ...verdicts] = run(engine, body) as [string, ...boolean[]];
    assert.deepEqual(verdicts, [true, false, false], JSON.stringify(algorithm));
    const bytes = Buffer.from(signature, 'hex');
    const publicKey = { ec, rsa, ed }[key].publicKey;
    const hash = 'hash' in algorithm ? algorithm.hash.replace('-', '').toLowerCase() : null;
    const padding = {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 'saltLength' in algorithm ? algorithm.saltLength : 0,
    };
    const options = key === 'rsa' ? padding : { dsaEncoding: 'ieee-p1363' as const };
    assert.equal(verify(hash, data, { key: publicKey, ...options }, bytes), true, JSON.stringify(algorithm));
  }
});

engineTest('key pairs are what they are said to be', (engine) => {
  const pairs = run(
    engine,
    `return [c.generateRsaKeyPair(1024), c.generateEcdsaKeyPair('secp256r1'), c.generateEcdsaKeyPair('secp384r1'), c.generateEddsaKeyPair('curve25519'), c.generateEddsaKeyPair('x25519')]`,
  ) as {
    publicKey: string;
  }[];
  const types = pairs.map(({ publicKey }) => createPublicKey(publicKey));
  assert.deepEqual(
    types.map((key) => key.asymmetricKeyType),
    ['rsa', 'ec', 'ec', 'ed25519', 'x25519'],
  );
  assert.equal(types[1]?.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  assert.deepEqual(run(engine, `return [128, 192, 256].map((n) => c.generateAesKey(n).byteLength)`), [16, 24, 32]);
});

engineTest('keys wrap and unwrap', (engine) => {
  for (const parameters of [
    `{ name: 'RSA-OAEP' }`,
    `{ name: 'RSA-OAEP', label: b('label') }`,
    `{ name: 'RSA-OAEP-AES-KWP', aesKeySize: 256 }`,
    `{ name: 'RSA-OAEP-AES-KWP', aesKeySize: 128, label: b('label') }`,
  ]) {
    const body = `const p = ${parameters}; const w = c.wrapKey(b('secret'), b(rsa.publicKey), p);
          return ccf.bufToStr(c.unwrapKey(w, b(rsa.privateKey), p))`;
    assert.equal(run(engine, body), 'secret', parameters);
  }
  for (const size of [16, 24, 32]) {
    const body = `const k = new ArrayBuffer(${size}), p = { name: 'AES-KWP' }; return ccf.bufToStr(c.unwrapKey(c.wrapKey(b('se'), k, p), k, p))`;
    assert.equal(run(engine, body), 'se');
  }
  const wrapped = run(engine, `return hex(ccf.wrapKey(b('secret'), b(rsa.publicKey), { name: 'RSA-OAEP' }))`);
  const opened = privateDecrypt({ key: rsa.privateKey, oaepHash: 'sha256' }, Buffer.from(String(wrapped), 'hex'));
  assert.equal(opened.toString(), 'secret');
  // RFC 5649, section 6: the second vector.
  assert.equal(
    run(
      engine,
      `const of = (h) => new Uint8Array(h.match(/../g).map((v) => parseInt(v, 16))).buffer;
          return hex(c.wrapKey(of('466f7250617369'), of('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8'), { name: 'AES-KWP' }))`,
    ),
    'afbeb0f07dfbf5419200f2ccb50bb24f',
  );
  assert.match(
    String(
      thrown(
        engine,
        `c.unwrapKey(c.wrapKey(b('s'), b(rsa.publicKey), { name: 'RSA-OAEP', label: b('a') }), b(rsa.privateKey), { name: 'RSA-OAEP', label: b('b') })`,
      ),
    ),
    /^InternalError: Failed to unwrap key: /,
  );
});

engineTest('keys convert between PEM and JWK', (engine) => {
  for (const [toPublic, toPrivate, fromPublic, fromPrivate, key] of [
    ['pubPemToJwk', 'pemToJwk', 'pubJwkToPem', 'jwkToPem', 'ec'],
    ['pubRsaPemToJwk', 'rsaPemToJwk', 'pubRsaJwkToPem', 'rsaJwkToPem', 'rsa'],
    ['pubEddsaPemToJwk', 'eddsaPemToJwk', 'pubEddsaJwkToPem', 'eddsaJwkToPem', 'ed'],
  ] as const) {
    const body = `const p = c.${toPublic}(${key}.publicKey, 'name'), s = c.${toPrivate}(${key}.privateKey);
          return [p.kid, 'kid' in s, 'd' in p, c.${fromPublic}(p) === ${key}.publicKey, c.${fromPrivate}(s) === ${key}.privateKey]`;
    assert.deepEqual(run(engine, body), ['name', false, false, true, true], key);
  }
  assert.match(
    String(thrown(engine, `c.pubPemToJwk(rsa.publicKey)`)),
    /^InternalError: Failed to convert pem to jwk: the key is of another type/,
  );
  assert.match(String(thrown(engine, `c.jwkToPem({ kty: 'EC' })`)), /^InternalError: Failed to convert jwk to pem: /);
});

engineTest('what is refused, in the words of CCF', (engine) => {
  const refusals = [
    [`c.digest('SHA-1', b('x'))`, 'RangeError: unsupported digest algorithm, supported: SHA-256, SHA-384, SHA-512'],
    [`c.digest('SHA-256', 'x')`, 'TypeError: ArrayBuffer object expected'],
    [`c.digest('SHA-256')`, 'TypeError: Passed 1 arguments, but expected 2'],
    [`c.generateAesKey(100)`, 'RangeError: invalid key size (not one of 128, 192, 256)'],
    [`c.generateAesKey(2 ** 32 + 100)`, 'RangeError: invalid key size (not one of 128, 192, 256)'],
    [`c.generateAesKey()`, 'TypeError: Passed 0 arguments, but expected 1'],
    [
      `c.generateRsaKeyPair(16384)`,
      'InternalError: Failed to generate RSA key pair: the size must be from 1024 to 4096 bits',
    ],
    [
      `c.generateRsaKeyPair(1024, 4)`,
      'InternalError: Failed to generate RSA key pair: the exponent must be odd, and at least 3',
    ],
    [`c.generateRsaKeyPair()`, 'TypeError: Passed 0 arguments, but expected 1 or 2'],
    [`c.generateEcdsaKeyPair('secp521r1')`, 'RangeError: Unsupported curve id, supported: secp256r1, secp384r1'],
    [`c.generateEddsaKeyPair('x448')`, 'RangeError: Unsupported curve id, supported: curve25519, x25519'],
    [
      `c.sign({ name: 'ECDSA', hash: 'MD5' }, ec.privateKey, b('x'))`,
      'RangeError: Unsupported hash algorithm, supported: SHA-256, SHA-384, SHA-512',
    ],
    [
      `c.sign({ name: 'DSA', hash: 'SHA-256' }, ec.privateKey, b('x'))`,
      'RangeError: Unsupported signing algorithm, supported: RSA-PSS, ECDSA, EdDSA, HMAC',
    ],
    [
      `c.sign({ name: 'toString', hash: 'toString' }, ec.privateKey, b('x'))`,
      'RangeError: Unsupported hash algorithm, supported: SHA-256, SHA-384, SHA-512',
    ],
    [
      `c.sign({ name: 'ECDSA', hash: 'SHA-256' }, rsa.privateKey, b('x'))`,
      'InternalError: Failed to sign: incompatible signing algorithm for given key type',
    ],
    [
      `c.sign({ name: 'RSA-PSS', hash: 'SHA-256', saltLength: -1 }, rsa.privateKey, b('x'))`,
      'InternalError: Failed to sign: the length of the salt is out of range',
    ],
    [
      `c.sign({ name: 'ECDSA', hash: 'SHA-256' }, ec.privateKey, new Uint8Array(1))`,
      'TypeError: ArrayBuffer object expected',
    ],
    [
      `c.verifySignature({ name: 'HMAC', hash: 'SHA-256' }, 'k', b('s'), b('x'))`,
      'RangeError: Unsupported signing algorithm, supported: RSA-PSS, ECDSA, EdDSA',
    ],
    [
      `c.verifySignature({ name: 'EdDSA' }, ec.publicKey, b('s'), b('x'))`,
      'InternalError: Failed to verify EdDSA signature: incompatible signing algorithm for given key type',
    ],
    [`c.verifySignature({ name: 'EdDSA' }, ec.publicKey, 's', b('x'))`, 'TypeError: ArrayBuffer object expected'],
    [
      `c.wrapKey(b('k'), b('w'), { name: 'DES' })`,
      'RangeError: unsupported key wrapping algorithm, supported: RSA-OAEP, AES-KWP, RSA-OAEP-AES-KWP',
    ],
    [
      `c.unwrapKey(b('k'), b('w'), { name: 'DES' })`,
      'RangeError: unsupported key unwrapping algorithm, supported: RSA-OAEP, AES-KWP, RSA-OAEP-AES-KWP',
    ],
    [
      `c.wrapKey(b('k'), b('w'), { name: 'AES-KWP' })`,
      'InternalError: Failed to wrap key: the AES key has a wrong size',
    ],
    [`c.wrapKey('k', b('w'), { name: 'AES-KWP' })`, 'TypeError: ArrayBuffer object expected'],
    [`c.wrapKey(b('k'), b('w'))`, 'TypeError: Passed 2 arguments, but expected 3'],
    [
      `c.wrapKey(b('k'), b(rsa.publicKey), { name: 'RSA-OAEP-AES-KWP', aesKeySize: 7 })`,
      'RangeError: invalid key size (not one of 128, 192, 256)',
    ],
    [
      `c.wrapKey(b('k'), b(ec.publicKey), { name: 'RSA-OAEP' })`,
      'InternalError: Failed to wrap key: an RSA key is needed',
    ],
    [`c.pemToJwk()`, 'TypeError: Passed 0 arguments, but expected 1 or 2'],
    [`c.isValidX509CertBundle()`, 'TypeError: Passed 0 arguments, but expected 1'],
    [`c.isValidX509CertChain('')`, 'TypeError: Passed 1 arguments, but expected 2'],
    [`snp_attestation.verifySnpAttestation(b('x'))`, 'TypeError: Passed 1 arguments, but expected between 2 and 4'],
    [`snp_attestation.verifySnpAttestation('x', b('y'))`, 'TypeError: ArrayBuffer object expected'],
  ] as const;
  const expressions = refusals.map(([expression]) => expression);
  assert.deepEqual(
    thrownByEach(engine, expressions, { helpers }),
    refusals.map(([, expected]) => expected),
  );
  assert.match(String(thrown(engine, `snp_attestation.verifySnpAttestation(b('x'), b('y'))`)), /^RangeError: /);
});
