import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { concatBytes, fromHex, toHex, utf8 } from '@enclos/codec';
import { EnclosError, isEnclosError, type ErrorCode } from '@enclos/errors';
import { Attribute, encodeKeyRequest, parseKeyRequest } from '@enclos/sgx';
import {
  encodeSealedBlob,
  parseSealedBlob,
  SEALED_BLOB_OVERHEAD_BYTES,
  sealedBlobHeader,
  softwareCapabilities,
} from '@enclos/tee';
import { gramineCapabilities } from '@enclos/tee/gramine';
import { sealOn, unsealOn, type SealingPlatform } from '../src/sealing.ts';

const own = { isvSvn: 4, cpuSvn: new Uint8Array(16).fill(9), configSvn: 0 };
const identity = () => Promise.resolve(own);
const secret = utf8('a secret');
const code = (wanted: ErrorCode) => (error: unknown) => isEnclosError(error, wanted);

/** EGETKEY of one processor: any request has a key of its own. */
const byRequest: SealingPlatform = {
  attester: {
    capabilities: softwareCapabilities,
    key: (request) =>
      Promise.resolve(new Uint8Array(createHmac('sha256', 'fuses').update(request).digest()).slice(0, 16)),
  },
  identity,
};

/** One key for each policy, and no other: the rules of Gramine (packages/runtime/tee/src/gramine/seal-key.ts). */
function fixed(svn = own.isvSvn): SealingPlatform {
  return {
    attester: {
      capabilities: gramineCapabilities,
      key(request) {
        const { keyId, isvSvn, keyPolicy } = parseKeyRequest(request);
        if (keyId.some((byte) => byte !== 0)) throw new EnclosError('TEE_CAPABILITY_MISSING', 'It takes no key id.');
        if (isvSvn > svn) throw new EnclosError('KEY_SVN_TOO_NEW');
        if (isvSvn < svn) throw new EnclosError('TEE_CAPABILITY_MISSING', 'It has keys of the current version only.');
        return Promise.resolve(new Uint8Array(16).fill(keyPolicy * 16 + svn));
      },
    },
    identity: () => Promise.resolve({ ...own, isvSvn: svn }),
  };
}

for (const [name, platform] of [
  ['derives keys by request', byRequest],
  ['has fixed keys', fixed()],
] as const) {
  describe(`sealing on a platform that ${name}`, () => {
    test('opens what it sealed, under the same policy and associated data alone', async () => {
      const blob = await sealOn(platform, secret, { policy: 'enclave', associatedData: utf8('name') });
      const open = (policy: 'enclave' | 'signer', associatedData?: Uint8Array) =>
        unsealOn(platform, blob, { policy, associatedData });
      assert.deepEqual(await open('enclave', utf8('name')), secret);
      await assert.rejects(open('enclave'), code('SEAL_NOT_OPENED'));
      await assert.rejects(open('enclave', utf8('other')), code('SEAL_NOT_OPENED'));
      await assert.rejects(open('signer', utf8('name')), code('SEAL_NOT_OPENED'));
    });

    test('never uses a key twice', async () => {
      const blobs = await Promise.all(Array.from({ length: 8 }, () => sealOn(platform, secret, { policy: 'signer' })));
      const derivations = blobs.map((blob) => {
        const { keyRequest, salt } = parseSealedBlob(blob);
        return Buffer.from(concatBytes(keyRequest.keyId, salt ?? new Uint8Array())).toString('hex');
      });
      assert.equal(new Set(derivations).size, blobs.length);
    });

    test('refuses each flipped byte', async () => {
      const blob = await sealOn(platform, secret, { policy: 'enclave' });
      for (let at = 0; at < blob.length; at++) {
        const changed = blob.with(at, (blob[at] ?? 0) ^ 1);
        await assert.rejects(unsealOn(platform, changed, { policy: 'enclave' }), isEnclosError, `byte ${at}`);
      }
    });
  });
}

describe('the form of a sealed blob', () => {
  const gcm = (key: Uint8Array, { header, nonce }: { header: Uint8Array; nonce: Uint8Array }) =>
    createCipheriv('aes-256-gcm', key, nonce).setAAD(header);

  test('of keys by request is version 1, as it always was', async () => {
    const blob = await sealOn(byRequest, secret, { policy: 'enclave' });
    assert.equal(blob.length, secret.length + SEALED_BLOB_OVERHEAD_BYTES);
    assert.deepEqual([...blob.subarray(0, 12)], [...utf8('ENCLSEAL'), 1, 0, 1, 0]);
    // Written out once more: header, KEYREQUEST, nonce; both halves of the key by the last bit of the key id.
    const { keyRequest, nonce, ciphertext, tag } = parseSealedBlob(blob);
    const request = blob.slice(12, 524);
    assert.deepEqual(encodeKeyRequest(keyRequest), request);
    const other = request.slice();
    const lastOfKeyId = 40 + 31;
    other[lastOfKeyId] = (other[lastOfKeyId] ?? 0) ^ 1;
    const halves = await Promise.all([request, other].map((half) => byRequest.attester.key(half)));
    const key = new Uint8Array(hkdfSync('sha256', concatBytes(...halves), new Uint8Array(), 'enclos seal v1', 32));
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(blob.subarray(0, 536)).setAuthTag(tag);
    assert.deepEqual(new Uint8Array(concatBytes(decipher.update(ciphertext), decipher.final())), secret);
  });

  test('of fixed keys is version 2: no key id, and a salt behind the request', async () => {
    const platform = fixed();
    const blob = await sealOn(platform, secret, { policy: 'signer' });
    assert.deepEqual([...blob.subarray(8, 12)], [2, 0, 1, 0]);
    const { keyRequest, salt, nonce, ciphertext, tag } = parseSealedBlob(blob);
    assert.deepEqual(keyRequest.keyId, new Uint8Array(32));
    assert.ok(salt);
    const fixedKey = await platform.attester.key(encodeKeyRequest(keyRequest));
    const key = new Uint8Array(hkdfSync('sha256', fixedKey, salt, 'enclos seal v2', 32));
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(blob.subarray(0, 568)).setAuthTag(tag);
    assert.deepEqual(new Uint8Array(concatBytes(decipher.update(ciphertext), decipher.final())), secret);
  });

  test('of one platform is not opened by the other, though the key request may be', async () => {
    const first = await sealOn(byRequest, secret, { policy: 'enclave' });
    const second = await sealOn(fixed(), secret, { policy: 'enclave' });
    // The request names a key that Gramine does not have, and Gramine says so.
    await assert.rejects(unsealOn(fixed(), first, { policy: 'enclave' }), code('TEE_CAPABILITY_MISSING'));
    await assert.rejects(unsealOn(byRequest, second, { policy: 'enclave' }), code('SEAL_NOT_OPENED'));
    // Even a blob of version 2 that was sealed with what EGETKEY gives here: nothing here writes one.
    const { keyRequest, salt, nonce } = parseSealedBlob(second);
    assert.ok(salt);
    const held = await byRequest.attester.key(encodeKeyRequest(keyRequest));
    const key = new Uint8Array(hkdfSync('sha256', held, salt, 'enclos seal v2', 32));
    const cipher = gcm(key, { header: sealedBlobHeader({ keyRequest, salt, nonce }), nonce });
    const ciphertext = new Uint8Array(concatBytes(cipher.update(secret), cipher.final()));
    const forged = encodeSealedBlob({ keyRequest, salt, nonce, ciphertext, tag: new Uint8Array(cipher.getAuthTag()) });
    await assert.rejects(unsealOn(byRequest, forged, { policy: 'enclave' }), code('SEAL_NOT_OPENED'));
  });

  test('with a salt and a key id is refused before a key is asked for', async () => {
    const { keyRequest, ...rest } = parseSealedBlob(await sealOn(fixed(), secret, { policy: 'enclave' }));
    const both = encodeSealedBlob({ ...rest, keyRequest: { ...keyRequest, keyId: new Uint8Array(32).fill(1) } });
    await assert.rejects(unsealOn(fixed(), both, { policy: 'enclave' }), code('SEAL_NOT_OPENED'));
  });
});

describe('what a platform lacks', () => {
  test('is said: a fixed key of another version', async () => {
    const blob = await sealOn(fixed(4), secret, { policy: 'signer' });
    await assert.rejects(unsealOn(fixed(5), blob, { policy: 'signer' }), code('TEE_CAPABILITY_MISSING'));
    await assert.rejects(unsealOn(fixed(3), blob, { policy: 'signer' }), code('SEAL_SVN_TOO_NEW'));
  });

  const without = (changes: Partial<SealingPlatform['attester']['capabilities']>): SealingPlatform => ({
    attester: {
      capabilities: { ...gramineCapabilities, ...changes },
      key: () => Promise.reject(new Error('No key is asked for.')),
    },
    identity,
  });
  for (const [what, platform] of [
    ['seal keys', without({ sealKeys: 'none' })],
    ['a key for the policy', without({ sealPolicies: ['enclave'] })],
  ] as const) {
    test(`is said: ${what}, before anything is sealed or opened`, async () => {
      const blob = await sealOn(fixed(), secret, { policy: 'signer' });
      await assert.rejects(sealOn(platform, secret, { policy: 'signer' }), code('TEE_CAPABILITY_MISSING'));
      await assert.rejects(unsealOn(platform, blob, { policy: 'signer' }), code('TEE_CAPABILITY_MISSING'));
    });
  }
});

/**
 * What `sealOn` of version 0.1.0 made of `secret` with the associated data `name` on the platforms of this file, in
 * November 2026. A change of the format that does not open them loses what users have sealed: these bytes are never made anew.
 */
const goldenBlobs = [
  {
    name: 'version 1',
    platform: byRequest,
    policy: 'enclave',
    header: '454e434c5345414c01000100',
    request:
      '04000100040000000909090909090909090909090909090903000000000000ff0000000000000000c4a30f709a9bf5c1' +
      '6e61b902389d2a59b8b9872b59eac8a5aaee3df302354b58000000f00000',
    rest: 'cdc757858a4cded7a1a1b013080000000ae30034235812916a9ce04016bdc53a2cda5c1f3dcfdd1f',
  },
  {
    name: 'version 2',
    platform: fixed(),
    policy: 'signer',
    header: '454e434c5345414c02000100',
    request:
      '04000200040000000909090909090909090909090909090903000000000000ff00000000000000000000000000000000' +
      '000000000000000000000000000000000000000000000000000000f00000',
    rest:
      'b4b164a276629ddcd19ac52847447c8aca1b5edf8f90ba49e2b1cf0822803f41c974303a28e53bcb8a071e7408000000' +
      '5c87dd02e425ef8bdd852cd32cd08d7eeb9de2b9143d9c02',
  },
] as const;

describe('blobs that were sealed before', () => {
  for (const { name, platform, policy, header, request, rest } of goldenBlobs) {
    test(`of ${name} open, and have the bytes that are documented`, async () => {
      // KEYREQUEST is 512 bytes (SDM vol. 3D, table 40-22), all but the first 78 zeros.
      const blob = fromHex(header + request.padEnd(1024, '0') + rest);
      assert.deepEqual(await unsealOn(platform, blob, { policy, associatedData: utf8('name') }), secret);
      assert.deepEqual(encodeSealedBlob(parseSealedBlob(blob)), blob);
    });
  }
});

describe('the attributes that take part in the key of a sealed blob', () => {
  /** INIT and DEBUG of the first byte, and the whole last one. */
  const mask = '03000000000000ff';
  const attributeMaskAt = 12 + 24;

  test('are INIT, DEBUG and those of the future: a debug enclave has other keys than a production enclave', async () => {
    for (const platform of [byRequest, fixed()]) {
      const blob = await sealOn(platform, secret, { policy: 'signer' });
      assert.equal(toHex(blob.subarray(attributeMaskAt, attributeMaskAt + 16)), mask + '00'.repeat(8));
    }
  });

  test('are not for the host to choose: a blob that leaves one of them out is refused, though its key is right', async () => {
    const blob = await sealOn(byRequest, secret, { policy: 'enclave' });
    for (const flags of [0n, Attribute.INIT, Attribute.DEBUG, 0xff00_0000_0000_0001n, 0x0000_0000_0000_0003n]) {
      const { keyRequest, nonce } = parseSealedBlob(blob);
      const forged = { keyRequest: { ...keyRequest, attributeMask: { flags, xfrm: 0n } }, nonce };
      const request = encodeKeyRequest(forged.keyRequest);
      const halves = [request, request.with(40 + 31, (request[40 + 31] ?? 0) ^ 1)];
      const keys = await Promise.all(halves.map((half) => byRequest.attester.key(half)));
      const key = new Uint8Array(hkdfSync('sha256', concatBytes(...keys), new Uint8Array(), 'enclos seal v1', 32));
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(sealedBlobHeader(forged));
      const ciphertext = new Uint8Array(concatBytes(cipher.update(secret), cipher.final()));
      const resealed = encodeSealedBlob({ ...forged, ciphertext, tag: new Uint8Array(cipher.getAuthTag()) });
      await assert.rejects(
        unsealOn(byRequest, resealed, { policy: 'enclave' }),
        code('SEAL_NOT_OPENED'),
        String(flags),
      );
    }
  });
});
