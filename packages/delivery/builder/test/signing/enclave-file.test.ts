import assert from 'node:assert/strict';
import { createPublicKey, sign } from 'node:crypto';

import { attachSignature, isEnclaveFile, prepareSignature, signEnclave, withSignature } from '@enclos/build';
import { Attribute, parseSigstruct, verifySigstruct, type SigstructFields } from '@enclos/sgx';
import { generateSigningKey, publicModulus, sha256 } from '@enclos/sgx/node';
import { intelEnclave, openEnclave } from '@enclos/sgx-image-kit';
import { nativeTest } from '@enclos/testkit';

const theirs = generateSigningKey();
const ours = generateSigningKey();
const date = new Date('2026-01-31T00:00:00Z');

for (const [name, make] of [
  ['Intel’s SDK', intelEnclave],
  ['Open Enclave', openEnclave],
] as const) {
  nativeTest(`A signed file of ${name} is signed again: what its signer stated stays`, () => {
    const fields: Partial<SigstructFields> = {
      isvProdId: 77,
      isvSvn: 8,
      vendor: 0x8086,
      miscMask: 1,
      isvFamilyId: new Uint8Array(16).fill(3),
    };
    const made = make({ key: theirs, fields });
    assert.ok(isEnclaveFile(made.signed));
    const signature = signEnclave({ image: made.signed, key: ours, date });
    const stated = verifySigstruct(signature, sha256);
    const { isvProdId, isvSvn, vendor, miscMask, enclaveHash, modulus } = stated;
    assert.deepEqual([isvProdId, isvSvn, vendor, miscMask, stated.date], [77, 8, 0, 1, '20260131']);
    assert.deepEqual([enclaveHash, modulus], [made.mrEnclave, publicModulus(ours)]);
    const again = withSignature(made.signed, signature);
    assert.deepEqual(again.subarray(made.sigstructAt, made.sigstructAt + 1808), signature);
    again.set(made.sigstruct, made.sigstructAt);
    assert.deepEqual(again, made.signed, 'nothing but the signature is another');
  });

  nativeTest(`A file of ${name} is signed in two steps as in one`, () => {
    const { signed } = make({ key: theirs });
    const prepared = prepareSignature({ image: signed, date });
    const attached = attachSignature({
      image: signed,
      prepared,
      signature: new Uint8Array(sign('sha256', prepared, ours)),
      publicKey: createPublicKey(ours).export({ type: 'spki', format: 'pem' }).toString(),
    });
    assert.deepEqual(attached, signEnclave({ image: signed, key: ours, date }));
    const other = make({ key: theirs, heapPages: 17 }).signed;
    const publicKey = createPublicKey(ours).export({ type: 'spki', format: 'pem' }).toString();
    const signature = new Uint8Array(sign('sha256', prepared, ours));
    assert.throws(() => attachSignature({ image: other, prepared, signature, publicKey }), {
      code: 'BUILD_PREPARED_REFUSED',
    });
  });

  nativeTest(`A signature is put into no other file of ${name}`, () => {
    const made = make({ key: theirs });
    const other = make({ key: theirs, heapPages: 17 });
    assert.throws(() => withSignature(other.signed, made.sigstruct), { code: 'ENCLAVE_FILE_INVALID' });
  });
}

nativeTest('A file of Open Enclave that was never signed states what its properties say', () => {
  const made = openEnclave({ key: theirs });
  const { isvProdId, isvSvn, attributes, attributeMask, miscMask } = parseSigstruct(
    signEnclave({ image: made.elf, key: ours, date }),
  );
  assert.deepEqual([isvProdId, isvSvn, miscMask], [1, 1, 0xffff_ffff]);
  assert.equal(attributes.flags, Attribute.MODE64BIT | Attribute.DEBUG);
  assert.equal(attributeMask.flags & Attribute.DEBUG, 0n);
});

nativeTest('A file of Intel’s SDK without a signature is signed with no product', () => {
  const made = intelEnclave({ key: theirs });
  const { isvProdId, isvSvn, attributes, enclaveHash } = parseSigstruct(
    signEnclave({ image: made.elf, key: ours, date }),
  );
  assert.deepEqual([isvProdId, isvSvn, attributes.flags, enclaveHash], [0, 0, Attribute.MODE64BIT, made.mrEnclave]);
});
