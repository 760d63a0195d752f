import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuidFrom } from '../src/processor/cpuid.ts';

const text = `processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 167
stepping\t: 1
siblings\t: 2
cpuid level\t: 36
flags\t\t: fpu tsc sse2 pni aes xsave rdrand fsgsbase avx2 fsrm lahf_lm lm
clflush size\t: 64
address sizes\t: 48 bits physical, 57 bits virtual

processor\t: 1
flags\t\t: svm
`;

test('CPUID is answered from what Linux says of the first processor', () => {
  const cpuid = cpuidFrom(text);
  const vendor = cpuid(0, 0);
  assert.deepEqual(vendor, [36, 0x756e_6547, 0x6c65_746e, 0x4965_6e69]);
  const [signature, topology, ecx, edx] = cpuid(1, 0);
  assert.equal(signature, 0x000a_0671);
  assert.equal(topology, 0x0002_0800);
  // SSE3, AES, XSAVE and OSXSAVE, RDRAND.
  assert.equal(ecx, (1 | (1 << 25) | (1 << 26) | (1 << 27) | (1 << 30)) >>> 0);
  assert.equal(edx, (1 | (1 << 4) | (1 << 26)) >>> 0);
  assert.deepEqual(cpuid(7, 0), [0, 1 | (1 << 5), 0, 1 << 4]);
  assert.deepEqual(cpuid(0x8000_0000, 0), [0x8000_0008, 0, 0, 0]);
  assert.deepEqual(cpuid(0x8000_0001, 0), [0, 0, 1, (1 << 29) >>> 0]);
  assert.deepEqual(cpuid(0x8000_0008, 0), [48 | (57 << 8), 0, 0, 0]);
});

test('a family from 15 on has two parts', () => {
  const [signature] = cpuidFrom('cpu family\t: 25\nmodel\t: 17\nstepping\t: 1')(1, 0);
  assert.equal(signature, 0x00a1_0f11);
});

test('what is not told is zeros', () => {
  const cpuid = cpuidFrom('');
  for (const [leaf, subleaf] of [
    [7, 1],
    [2, 0],
    [0x4000_0000, 0],
    [2 ** 32 - 1, 0],
  ] as const) {
    assert.deepEqual(cpuid(leaf, subleaf), [0, 0, 0, 0]);
  }
  assert.deepEqual(cpuid(1, 0), [0, 0, 0, 0]);
});
