import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { parseSealedBlob, SEALED_BLOB_OVERHEAD_BYTES, type SealPolicy } from '@enclos/tee';
import { createWorkshop, outcome, seededBytes, withProbe, type Probe, type Variant } from '@enclos/process-kit';

const workshop = createWorkshop();
after(() => workshop.close());

const secret = utf8('a secret that must not leave');
const policies = ['enclave', 'signer'] as const;
const own: Variant = {};

describe('who can open a sealed blob', () => {
  let platform: EmbeddedPlatform;
  let elsewhere: EmbeddedPlatform;
  /** Sealed by each kind of enclave that a test needs, once. */
  const sealed = new Map<string, Uint8Array>();

  before(async () => {
    platform = await workshop.startPlatform('here');
    elsewhere = await workshop.startPlatform('elsewhere');
  });

  const use = async <T>(variant: Variant, work: (call: Probe['call']) => Promise<T>, on = platform): Promise<T> =>
    withProbe(on, await workshop.signed('probe', variant), work);

  async function sealedBy(variant: Variant, policy: SealPolicy): Promise<Uint8Array> {
    const key = JSON.stringify([variant, policy]);
    const blob = sealed.get(key) ?? (await use(variant, (call) => call.seal({ plaintext: secret, policy })));
    sealed.set(key, blob);
    return blob;
  }

  /** What the enclave says to a blob: `accepted` means that it gave the secret back. */
  async function opens(opener: Variant, blob: Uint8Array, policy: SealPolicy, on = platform): Promise<string> {
    return use(
      opener,
      (call) => outcome(call.unseal({ blob, policy }).then((plaintext) => assert.deepEqual(plaintext, secret))),
      on,
    );
  }

  for (const policy of policies) {
    test(`the same enclave, started again, opens it: ${policy} policy`, async () => {
      assert.equal(await opens(own, await sealedBy(own, policy), policy), 'accepted');
    });
  }

  const matrix: readonly [who: string, opener: Variant, byEnclave: string, bySigner: string][] = [
    // Other contents are another MRENCLAVE.
    ['another enclave of the signer, at the same version', { threads: 5 }, 'SEAL_NOT_OPENED', 'accepted'],
    ['a later version of the enclave', { securityVersion: 4 }, 'SEAL_NOT_OPENED', 'accepted'],
    // EGETKEY compares the versions before it derives, so the enclave learns this under both policies.
    ['an earlier version of the enclave', { securityVersion: 2 }, 'SEAL_SVN_TOO_NEW', 'SEAL_SVN_TOO_NEW'],
    ['another product of the signer', { productId: 12 }, 'SEAL_NOT_OPENED', 'SEAL_NOT_OPENED'],
    ['the enclave in debug mode', { debug: true }, 'SEAL_NOT_OPENED', 'SEAL_NOT_OPENED'],
  ];
  for (const [who, opener, byEnclave, bySigner] of matrix) {
    test(`${who}: ${byEnclave} under enclave policy, ${bySigner} under signer policy`, async () => {
      assert.equal(await opens(opener, await sealedBy(own, 'enclave'), 'enclave'), byEnclave);
      assert.equal(await opens(opener, await sealedBy(own, 'signer'), 'signer'), bySigner);
    });
  }

  test('the same enclave of another signer: its own under enclave policy, never under signer policy', async () => {
    // As in SGX: enclave policy names MRENCLAVE, whoever signed it.
    const other: Variant = { signer: 'second' };
    assert.equal(await opens(other, await sealedBy(own, 'signer'), 'signer'), 'SEAL_NOT_OPENED');
    assert.equal(await opens(other, await sealedBy(own, 'enclave'), 'enclave'), 'accepted');
  });

  test('another enclave of another signer opens neither', async () => {
    const other: Variant = { signer: 'second', threads: 5 };
    for (const policy of policies) {
      assert.equal(await opens(other, await sealedBy(own, policy), policy), 'SEAL_NOT_OPENED');
    }
  });

  test('a production enclave opens nothing that a debug enclave sealed', async () => {
    const debug: Variant = { debug: true };
    assert.equal(await opens(debug, await sealedBy(debug, 'signer'), 'signer'), 'accepted');
    assert.equal(await opens(own, await sealedBy(debug, 'signer'), 'signer'), 'SEAL_NOT_OPENED');
  });

  test('the same enclave on another machine opens neither', async () => {
    for (const policy of policies) {
      assert.equal(await opens(own, await sealedBy(own, policy), policy, elsewhere), 'SEAL_NOT_OPENED');
    }
  });

  test('a blob of one policy is not opened as the other', async () => {
    assert.equal(await opens(own, await sealedBy(own, 'enclave'), 'signer'), 'SEAL_NOT_OPENED');
    assert.equal(await opens(own, await sealedBy(own, 'signer'), 'enclave'), 'SEAL_NOT_OPENED');
  });

  test('it opens with its own associated data and no other', async () => {
    await use(own, async (call) => {
      for (const policy of policies) {
        const associatedData = utf8('record 1');
        const bound = await call.seal({ plaintext: secret, policy, associatedData });
        const free = await call.seal({ plaintext: secret, policy });
        const open = (blob: Uint8Array, data?: Uint8Array) =>
          outcome(call.unseal({ blob, policy, associatedData: data }));
        assert.equal(await open(bound, associatedData), 'accepted');
        assert.equal(await open(bound, utf8('record 2')), 'SEAL_NOT_OPENED');
        assert.equal(await open(bound, utf8('record 1 ')), 'SEAL_NOT_OPENED');
        assert.equal(await open(bound), 'SEAL_NOT_OPENED');
        assert.equal(await open(free, associatedData), 'SEAL_NOT_OPENED');
        assert.equal(await open(free, new Uint8Array()), 'accepted');
      }
    });
  });

  for (const sizeBytes of [0, 1, 1000, 1024 * 1024]) {
    test(`${sizeBytes} bytes come back, and the blob is ${SEALED_BLOB_OVERHEAD_BYTES} bytes longer`, async () => {
      await use(own, async (call) => {
        const plaintext = seededBytes(sizeBytes, sizeBytes);
        const blob = await call.seal({ plaintext, policy: 'signer' });
        assert.equal(blob.length, sizeBytes + SEALED_BLOB_OVERHEAD_BYTES);
        assert.ok(sizeBytes < 16 || !Buffer.from(blob).includes(Buffer.from(plaintext.subarray(0, 16))));
        assert.deepEqual(await call.unseal({ blob, policy: 'signer' }), plaintext);
      });
    });
  }

  test('sealed twice, one plaintext has two key ids, nonces, ciphertexts and tags', async () => {
    await use(own, async (call) => {
      const seal = async () => parseSealedBlob(await call.seal({ plaintext: secret, policy: 'enclave' }));
      const [first, second] = [await seal(), await seal()];
      assert.notDeepEqual(first.keyRequest.keyId, second.keyRequest.keyId);
      assert.deepEqual({ ...first.keyRequest, keyId: undefined }, { ...second.keyRequest, keyId: undefined });
      for (const part of ['nonce', 'ciphertext', 'tag'] as const) assert.notDeepEqual(first[part], second[part]);
    });
  });
});
