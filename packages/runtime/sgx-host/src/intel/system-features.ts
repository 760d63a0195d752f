import type { Cpuid } from '../processor/cpuid.ts';

/**
 * `system_features_t` (rts.h), packed. `size`, the table of CPUID leaves and what follows stay 0, as hosts of version 1.5 leave them:
 * dynamic memory (EDMM) and AEX-Notify are off, and features are taken from the first field.
 */
const layout = { bytes: 176, features: 0, version: 8, featureSet: 12 } as const;
/** `SDK_VERSION_1_5`. */
const VERSION_1_5 = 0;
/** The last element of the feature set. */
const LAST_ELEMENT = 1n << 63n;

const [ebx, ecx, edx] = [1, 2, 3];
const [basic, structured, extended] = [1, 7, 0x8000_0001];

/**
 * The features that optimised code of the SDK looks for (se_cpu_feature_defs.h), by their bit, and where CPUID says them (SDM
 * vol. 2A). Transactions (HLE, RTM) are left out: the system may have switched them off.
 */
const features: readonly (readonly [bit: number, leaf: number, register: number, of: number])[] = [
  [1, basic, edx, 0], // FPU
  [2, basic, edx, 15], // CMOV
  [3, basic, edx, 23], // MMX
  [4, basic, edx, 24], // FXSAVE
  [5, basic, edx, 25], // SSE
  [6, basic, edx, 26], // SSE2
  [7, basic, ecx, 0], // SSE3
  [8, basic, ecx, 9], // SSSE3
  [9, basic, ecx, 19], // SSE4.1
  [10, basic, ecx, 20], // SSE4.2
  [11, basic, ecx, 23], // POPCNT
  [12, basic, ecx, 22], // MOVBE
  [13, basic, ecx, 1], // PCLMULQDQ
  [14, basic, ecx, 25], // AES
  [15, basic, ecx, 29], // F16C
  [16, basic, ecx, 28], // AVX
  [17, basic, ecx, 30], // RDRAND
  [18, basic, ecx, 12], // FMA
  [19, structured, ebx, 3], // BMI
  [20, extended, ecx, 5], // LZCNT
  [23, structured, ebx, 5], // AVX2
  [25, extended, ecx, 8], // PREFETCHW
  [26, structured, ebx, 18], // RDSEED
  [27, structured, ebx, 19], // ADX
];
const GENERIC = 1n;

/** What an enclave is told about the machine when it is initialised. It believes its own instructions more. */
export function systemFeatures(cpuid: Cpuid): Uint8Array {
  let known = GENERIC;
  for (const [bit, leaf, register, of] of features) {
    if ((((cpuid(leaf, 0)[register] ?? 0) >>> of) & 1) === 1) known |= 1n << BigInt(bit);
  }
  const bytes = new Uint8Array(layout.bytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(layout.features, known, true);
  view.setUint32(layout.version, VERSION_1_5, true);
  view.setBigUint64(layout.featureSet, LAST_ELEMENT, true);
  return bytes;
}
