import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { measureSgxs, verifySigstruct } from '@enclos/sgx';
import { generateSigningKey, sha256 } from '@enclos/sgx/node';
import { nativeTest } from '@enclos/testkit';
import { codeEnclave, intelEnclave, openEnclave } from '@enclos/sgx-image-kit';

const key = generateSigningKey();

nativeTest('An enclave with Intel’s metadata is measured as its signature says', () => {
  const { sgxs, sigstruct, mrEnclave, tcs, signed, elf, sigstructAt } = intelEnclave({ key, threads: 3 });
  assert.deepEqual(
    measureSgxs(sgxs, () => createHash('sha256')),
    mrEnclave,
  );
  assert.deepEqual(verifySigstruct(sigstruct, sha256).enclaveHash, mrEnclave);
  assert.equal(tcs.length, 3);
  assert.deepEqual(signed.subarray(sigstructAt, sigstructAt + 1808), sigstruct);
  assert.equal(elf[sigstructAt], 0);
});

nativeTest('An enclave is as large as it is asked for, and measured whole', () => {
  const small = intelEnclave({ key });
  const large = intelEnclave({ key, contentBytes: 1_000_000, copyBytes: 200_000 });
  assert.ok(large.signed.length > small.signed.length + 900_000);
  assert.deepEqual(verifySigstruct(large.sigstruct, sha256).enclaveHash, large.mrEnclave);
  assert.deepEqual(
    measureSgxs(large.sgxs, () => createHash('sha256')),
    large.mrEnclave,
  );
});

nativeTest('An enclave with Open Enclave’s properties is measured as its signature says', () => {
  const { sgxs, sigstruct, mrEnclave, tcs, signed, sigstructAt } = openEnclave({ key, threads: 3 });
  assert.deepEqual(
    measureSgxs(sgxs, () => createHash('sha256')),
    mrEnclave,
  );
  assert.deepEqual(verifySigstruct(sigstruct, sha256).enclaveHash, mrEnclave);
  assert.equal(tcs.length, 3);
  assert.deepEqual(signed.subarray(sigstructAt, sigstructAt + 1808), sigstruct);
});

nativeTest('Bare code is an enclave, too', () => {
  const { sgxs, mrEnclave, tcs } = codeEnclave({
    key,
    threads: 2,
    code: 'mov %rcx, %rbx\nmov $4, %eax\n.byte 0x0f, 0x01, 0xd7',
  });
  assert.deepEqual(
    measureSgxs(sgxs, () => createHash('sha256')),
    mrEnclave,
  );
  assert.deepEqual(tcs, [0x2000, 0x6000]);
});
