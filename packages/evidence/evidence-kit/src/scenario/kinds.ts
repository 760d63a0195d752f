/** Every kind of quote that DCAP knows. */
export type EvidenceKind = 'sgx-v3' | 'sgx-v4' | 'sgx-v5' | 'tdx-v4' | 'tdx-v5-td10' | 'tdx-v5-td15' | 'tdx-v5-td15ex';

export interface KindFacts {
  readonly tee: 'SGX' | 'TDX';
  readonly version: 3 | 4 | 5;
  /** In the descriptor of version 5. */
  readonly bodyType?: 1 | 2 | 3 | 4;
}

export const evidenceKinds: Readonly<Record<EvidenceKind, KindFacts>> = Object.freeze({
  'sgx-v3': { tee: 'SGX', version: 3 },
  'sgx-v4': { tee: 'SGX', version: 4 },
  'sgx-v5': { tee: 'SGX', version: 5, bodyType: 1 },
  'tdx-v4': { tee: 'TDX', version: 4 },
  'tdx-v5-td10': { tee: 'TDX', version: 5, bodyType: 2 },
  'tdx-v5-td15': { tee: 'TDX', version: 5, bodyType: 3 },
  'tdx-v5-td15ex': { tee: 'TDX', version: 5, bodyType: 4 },
});

/** Whether the body has a second TEE_TCB_SVN, so that a relaunch may be advised. */
export function hasCurrentSvn(kind: EvidenceKind): boolean {
  const { bodyType } = evidenceKinds[kind];
  return bodyType === 3 || bodyType === 4;
}
