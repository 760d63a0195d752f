import assert from 'node:assert/strict';
import { generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { toBase64, utf8, viewOf } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { vectors } from '@enclos/testkit';
import * as fc from 'fast-check';
import {
  combineShares,
  encodeRecoveryShares,
  encodeShare,
  LedgerSecret,
  makeShares,
  openBytes,
  openShare,
  readRecoveryShares,
  readShare,
  sealShare,
  unwrapLedgerSecret,
  wrapLedgerSecret,
  type Share,
} from '../src/index.ts';
import { inverse, multiply, prime, reduce, subtract } from '../src/shares/field.ts';
import { nodeDigests } from '../src/node/index.ts';
import { memberShares, recoveryShares, valuesOf } from './sample-secrets.ts';
import { sampleEntries, services } from './samples.ts';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const ledgerSecret = new LedgerSecret(nodeDigests, new Uint8Array(32).fill(5));
const element = fc.integer({ min: 0, max: prime - 1 });

test('the field computes as big integers do', () => {
  const p = BigInt(prime);
  fc.assert(
    fc.property(element, element, fc.maxSafeNat(), (a, b, any) => {
      assert.equal(BigInt(multiply(a, b)), (BigInt(a) * BigInt(b)) % p);
      assert.equal(BigInt(subtract(a, b)), (p + BigInt(a) - BigInt(b)) % p);
      assert.equal(BigInt(reduce(any)), BigInt(any) % p);
      if (a !== 0) assert.equal(multiply(a, inverse(a)), 1);
    }),
  );
  assert.deepEqual([prime, 2 * prime, prime + 1, prime - 1, 2 * prime - 1].map(reduce), [
    0,
    0,
    1,
    prime - 1,
    prime - 1,
  ]);
  for (const high of [0, 1, 2 ** 22 - 1]) {
    for (const low of [0, 1, prime - 1, prime]) {
      const value = high * 2 ** 31 + low;
      assert.equal(BigInt(reduce(value)), BigInt(value) % p);
    }
  }
  assert.equal(multiply(prime - 1, prime - 1), 1);
});

test('as many shares as the threshold give the secret back, whichever they are, and fewer give another', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), fc.infiniteStream(fc.nat()), (count, a, picks) => {
      const threshold = 1 + (a % count);
      const { secret, shares } = makeShares({ threshold, count }, random);
      const order = shares.map((share) => [picks.next().value, share] as const).toSorted(([x], [y]) => x - y);
      const mixed = order.map(([, share]) => readShare(encodeShare(share)));
      assert.deepEqual(combineShares(mixed.slice(0, threshold)), secret);
      assert.deepEqual(combineShares(mixed), secret);
      if (threshold > 1) assert.notDeepEqual(combineShares(mixed.slice(0, threshold - 1)), secret);
    }),
    { numRuns: 40 },
  );
});

test('the largest issue of shares gives its secret back', () => {
  const { secret, shares } = makeShares({ threshold: 254, count: 254 }, random);
  assert.deepEqual(combineShares(shares), secret);
});

test('shares of a known polynomial are its values', () => {
  // Threshold 2: limb i is (2i) + (2i+1)x, from a source that counts.
  let next = 0;
  const counting = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    viewOf(bytes).setUint32(0, next++, true);
    return bytes;
  };
  const { secret, shares } = makeShares({ threshold: 2, count: 3 }, counting);
  assert.deepEqual(secret, { x: 0, y: [0, 2, 4, 6, 8, 10, 12, 14, 16, 18] });
  assert.deepEqual(shares[1], { x: 2, y: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((limb) => 2 * limb + 2 * (2 * limb + 1)) });
  assert.equal(encodeShare(shares[2] ?? secret).length, 44);
});

test('a random value outside of the field is drawn again', () => {
  const draws = [0x7fff_ffff, 0xffff_ffff, 0x8000_0003];
  const drawn = (length: number): Uint8Array => {
    assert.equal(length, 4);
    const bytes = new Uint8Array(length);
    viewOf(bytes).setUint32(0, draws.shift() ?? 1, true);
    return bytes;
  };
  assert.equal(makeShares({ threshold: 1, count: 1 }, drawn).secret.y[0], 3);
});

test('a full share is the secret alone', () => {
  const { secret, shares } = makeShares({ threshold: 3, count: 3 }, random);
  const full = readShare(encodeShare(secret));
  assert.deepEqual(combineShares([full]), secret);
  assert.deepEqual(combineShares([...shares.slice(0, 1), full]), secret);
  // Two members may have it.
  assert.deepEqual(combineShares([full, full]), secret);
});

test('shares of another form, twice the same or none are refused', () => {
  const { shares } = makeShares({ threshold: 2, count: 2 }, random);
  const [one] = shares;
  assert.ok(one !== undefined);
  const bytes = encodeShare(one);
  const refused = { code: 'LEDGER_SHARE_INVALID' };
  assert.throws(() => readShare(bytes.subarray(1)), refused);
  assert.throws(() => readShare(bytes.map((byte, at) => (at >= 4 && at < 8 ? 0xff : byte))), refused);
  for (const [at, value] of [
    [0, prime],
    [0, 2 ** 32 - 1],
    [40, prime],
  ] as const) {
    const outside = bytes.slice();
    viewOf(outside).setUint32(at, value, true);
    assert.throws(() => readShare(outside), refused);
    viewOf(outside).setUint32(at, prime - 1, true);
    assert.deepEqual(encodeShare(readShare(outside)), outside);
  }
  const places = (count: number): readonly Share[] => Array.from({ length: count }, (_, x) => ({ ...one, x: x + 1 }));
  assert.deepEqual(combineShares(places(254)).y, one.y);
  assert.throws(() => combineShares(places(255)), refused);
  assert.throws(() => combineShares([one, one]), refused);
  assert.throws(() => combineShares([]), refused);
  for (const [threshold, count] of [
    [0, 1],
    [2, 1],
    [1, 255],
    [1.5, 2],
    [1, 0],
  ] as const) {
    assert.throws(() => makeShares({ threshold, count }, random), { code: 'CODEC_OUT_OF_RANGE' });
  }
});

test('the wrapped ledger secret opens under the secret of the shares alone', () => {
  const { secret, shares } = makeShares({ threshold: 2, count: 3 }, random);
  const wrapped = wrapLedgerSecret(nodeDigests, secret, ledgerSecret);
  assert.equal(wrapped.length, 60);
  assert.deepEqual(unwrapLedgerSecret(nodeDigests, combineShares(shares.slice(1)), wrapped), ledgerSecret.reveal());
  const wrong: Share = { x: 0, y: secret.y.map((value, at) => (at === 9 ? (value + 1) % prime : value)) };
  assert.throws(() => unwrapLedgerSecret(nodeDigests, wrong, wrapped), { code: 'LEDGER_SECRET_WRONG' });
  assert.throws(() => unwrapLedgerSecret(nodeDigests, secret, wrapped.subarray(0, 59)), {
    code: 'LEDGER_SECRET_WRONG',
  });
});

test('the wrapping key is that of HKDF with the secret as its info', () => {
  const { secret } = makeShares({ threshold: 1, count: 1 }, random);
  const material = encodeShare(secret).subarray(4);
  const key = nodeDigests.aes256Gcm(new Uint8Array(hkdfSync('sha256', material, new Uint8Array(0), material, 32)));
  assert.deepEqual(openBytes(key, wrapLedgerSecret(nodeDigests, secret, ledgerSecret)), ledgerSecret.reveal());
});

test('a share is sealed to a member, and opens with its private key in either form', async () => {
  const options = { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' } } as const;
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    ...options,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const other = generateKeyPairSync('rsa', { ...options, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
  const sealed = await sealShare(publicKey, utf8('share'));
  assert.deepEqual(await openShare(privateKey, sealed), utf8('share'));
  assert.deepEqual(await openShare(other.privateKey, await sealShare(other.publicKey, utf8('x'))), utf8('x'));
  await assert.rejects(openShare(other.privateKey, sealed), { code: 'LEDGER_SECRET_WRONG' });
  await assert.rejects(openShare(publicKey, sealed), {
    code: 'LEDGER_INVALID',
    message: /this is one with PUBLIC KEY/,
  });
  await assert.rejects(openShare('no key', sealed), { code: 'LEDGER_INVALID', message: /Not a PEM text/ });
  const ec = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: options.publicKeyEncoding,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await assert.rejects(openShare(ec.privateKey, sealed), { code: 'LEDGER_INVALID', message: /not an RSA key/ });
});

test('the key of a member goes to the engine in its envelope, and cannot be taken out of it', async (context) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = (type: 'pkcs1' | 'pkcs8'): string => String(privateKey.export({ type, format: 'pem' }));
  const sealed = await sealShare(String(publicKey.export({ type: 'spki', format: 'pem' })), utf8('share'));
  const imports = context.mock.method(globalThis.crypto.subtle, 'importKey');
  for (const type of ['pkcs1', 'pkcs8'] as const) assert.deepEqual(await openShare(pem(type), sealed), utf8('share'));
  for (const { arguments: given } of imports.mock.calls) {
    const [format, der, , extractable, uses] = given;
    assert.deepEqual([format, extractable, uses], ['pkcs8', false, ['decrypt']]);
    assert.deepEqual(der, new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' })));
  }
  assert.equal(imports.mock.callCount(), 2);
  await assert.rejects(sealShare(pem('pkcs1'), utf8('share')), {
    message: /to be a PEM with PUBLIC KEY, and this is one with RSA PRIVATE KEY/,
  });
  const long = { code: 'LEDGER_INVALID', message: /65536|65,536/ };
  await assert.rejects(openShare(pem('pkcs8').padEnd(65_537, '\n'), sealed), long);
  assert.deepEqual(await openShare(pem('pkcs8').padEnd(65_536, '\n'), sealed), utf8('share'));
});

test('records of shares are written as CCF writes them, with members in order, and are bounded', () => {
  const wrappedLatestSecret = new Uint8Array(1024);
  const ids = ['c', 'a', 'b', 'e', 'd'];
  const given = { wrappedLatestSecret, encryptedShares: new Map(ids.map((id) => [id, utf8(id)])), storedVersion: 0 };
  const bytes = encodeRecoveryShares(given);
  const text =
    '{"encrypted_shares":{"a":"YQ==","b":"Yg==","c":"Yw==","d":"ZA==","e":"ZQ=="},"previous_secret_stored_version":0,' +
    `"wrapped_latest_ledger_secret":"${toBase64(wrappedLatestSecret)}"}`;
  assert.deepEqual(bytes, utf8(text));
  assert.deepEqual(readRecoveryShares(bytes), given);
  const { storedVersion: _, ...least } = { ...given, encryptedShares: new Map([['a', new Uint8Array(2048)]]) };
  assert.deepEqual(readRecoveryShares(encodeRecoveryShares(least)), least);
  assert.doesNotMatch(decodeUtf8(encodeRecoveryShares(least)), /stored_version/);
  const refused = (of: Partial<typeof given>, message: RegExp): void => {
    const made = encodeRecoveryShares({ ...given, ...of });
    assert.throws(() => readRecoveryShares(made), { code: 'LEDGER_INVALID', message });
  };
  refused({ wrappedLatestSecret: new Uint8Array(1025) }, /shares\.wrapped_latest_ledger_secret/);
  refused({ encryptedShares: new Map([['a', new Uint8Array(2049)]]) }, /shares\.encrypted_shares/);
  refused({ storedVersion: -1 }, /shares\.previous_secret_stored_version/);
  readRecoveryShares(utf8(text.padEnd(2 ** 20)));
  assert.throws(() => readRecoveryShares(utf8(text.padEnd(2 ** 20 + 1))), { code: 'LEDGER_INVALID' });
});

test('records of shares of another form are refused', () => {
  for (const text of [
    '',
    '{}',
    '{"encrypted_shares":[],"wrapped_latest_ledger_secret":""}',
    '{"encrypted_shares":{"a":1},"wrapped_latest_ledger_secret":""}',
    '{"encrypted_shares":{},"wrapped_latest_ledger_secret":"*"}',
  ]) {
    assert.throws(() => readRecoveryShares(utf8(text)), { code: 'LEDGER_INVALID' }, text);
  }
});

vectors.test('members of real services hold the shares that are known of them, which are all needed', async () => {
  const found = [];
  for (const service of services) {
    const issue = recoveryShares(sampleEntries(service));
    const shares = await memberShares(service, issue);
    const wrapped = issue.wrappedLatestSecret;
    unwrapLedgerSecret(nodeDigests, combineShares(shares), wrapped);
    if (shares.length > 1) {
      assert.throws(() => unwrapLedgerSecret(nodeDigests, combineShares(shares.slice(1)), wrapped), {
        code: 'LEDGER_SECRET_WRONG',
      });
    }
    found.push(shares.map(({ x }) => x).toSorted((a, b) => a - b));
  }
  assert.deepEqual(found, [[1, 2, 3], [1], [1, 2, 3]]);
});

vectors.test('records of shares of real ledgers are written again to the same bytes', () => {
  for (const service of services) {
    for (const { value } of valuesOf(sampleEntries(service), 'public:ccf.internal.recovery_shares')) {
      assert.deepEqual(encodeRecoveryShares(readRecoveryShares(value)), value.slice());
    }
  }
});
