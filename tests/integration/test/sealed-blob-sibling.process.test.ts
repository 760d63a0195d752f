import assert from 'node:assert/strict';
import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { concatBytes, utf8 } from '@enclos/codec';
import { loadEnclave, type Enclave } from '@enclos/host';
import { encodeKeyRequest, type KeyRequest } from '@enclos/sgx';
import { encodeSealedBlob, parseSealedBlob, sealedBlobHeader } from '@enclos/tee';
import { raw } from '@enclos/process-kit/enclaves/raw';
import { createWorkshop, flipped, loadProbe, outcome, type Probe } from '@enclos/process-kit';

const workshop = createWorkshop();
let probe: Probe;
/** Of the same signer, product and version, without a trusted runtime: it asks for the keys that it likes. */
let sibling: Enclave<(typeof raw)['trusted']>;
before(async () => {
  const platform = await workshop.startPlatform('here');
  probe = await loadProbe(platform, await workshop.signed('probe'));
  const signed = await workshop.signed('raw', { productId: 11, securityVersion: 3 });
  sibling = await loadEnclave({ ...signed, launcher: platform, interface: raw, isolation: 'best', untrusted: {} });
});
after(async () => {
  await probe.dispose();
  await sibling.dispose();
  await workshop.close();
});

const plaintext = utf8('from a sibling');

/** Seals as the SDK does (packages/runtime/enclave/src/seal.ts), under whatever key request. */
async function sealUnder(changes: Partial<KeyRequest>): Promise<Uint8Array> {
  const genuine = await probe.call.seal({ plaintext, policy: 'signer' });
  const keyRequest = { ...parseSealedBlob(genuine).keyRequest, ...changes };
  const second = { ...keyRequest, keyId: flipped(keyRequest.keyId, 31) };
  const halves = [];
  for (const request of [keyRequest, second]) {
    halves.push(await sibling.call.key({ request: encodeKeyRequest(request) }));
  }
  const key = new Uint8Array(hkdfSync('sha256', concatBytes(...halves), new Uint8Array(), utf8('enclos seal v1'), 32));
  const nonce = new Uint8Array(randomBytes(12));
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(sealedBlobHeader({ keyRequest, nonce }));
  const ciphertext = concatBytes(cipher.update(plaintext), cipher.final());
  return encodeSealedBlob({ keyRequest, nonce, ciphertext, tag: new Uint8Array(cipher.getAuthTag()) });
}

const open = async (blob: Uint8Array) => outcome(probe.call.unseal({ blob, policy: 'signer' }));

test('what a sibling seals under the very request of the SDK opens: they are one product', async () => {
  assert.equal(await open(await sealUnder({})), 'accepted');
});

test('so does what an earlier version of it sealed', async () => {
  assert.equal(await open(await sealUnder({ isvSvn: 2 })), 'accepted');
});

const others: readonly (readonly [string, Partial<KeyRequest>])[] = [
  ['an attribute mask with fewer bits', { attributeMask: { flags: 3n, xfrm: 0n } }],
  ['an attribute mask with more bits', { attributeMask: { flags: 0xffff_ffff_ffff_ffffn, xfrm: 0n } }],
  ['a mask of XFRM', { attributeMask: { flags: 0xff00_0000_0000_0003n, xfrm: 3n } }],
  ['another mask of MISCSELECT', { miscMask: 0 }],
  ['no policy at all: a key of the product, whoever signed it', { keyPolicy: 0 }],
];
for (const [what, changes] of others) {
  // Both enclaves get this same key; only the rule of the SDK keeps the blob out.
  test(`what a sibling seals under ${what} does not open`, async () => {
    assert.equal(await open(await sealUnder(changes)), 'SEAL_NOT_OPENED');
  });
}
