/** What a platform can do. Platforms differ, and none imitates a capability that it lacks. */
export interface Capabilities {
  /** `in-process`: the process of a test (`@enclos/testing`). */
  readonly platform: 'software' | 'gramine' | 'tsm' | 'azure-vtpm' | 'in-process';
  /** What stands between the enclave and the machine's operator. */
  readonly boundary: 'process' | 'sgx' | 'virtual-machine' | 'none';
  /** True when the boundary holds against the machine's owner. */
  readonly hardware: boolean;
  /** What the measured identity is. */
  readonly identity: 'mrenclave' | 'mrtd' | 'snp-measurement';
  readonly sealPolicies: readonly SealPolicy[];
  /**
   * `by-request`: any key that EGETKEY derives. `fixed`: one key for each policy, for the current versions and without a key
   * id, so data that an older security version sealed cannot be opened.
   */
  readonly sealKeys: 'by-request' | 'fixed' | 'none';
  /** `prove`: it makes reports for other enclaves, and cannot check theirs. */
  readonly localAttestation: 'full' | 'prove' | 'none';
  readonly remoteAttestation: 'dcap-v3' | 'dcap-v4' | 'snp-report' | 'azure-vtpm' | 'none';
  /** `none`: no enclave is started here, because the boundary is a machine that another party starts. */
  readonly gateTransport: 'unix' | 'tcp' | 'none';
  /**
   * How connections reach the enclave. `relayed`: their bytes pass through the host. `passed`: the enclave gets the connected
   * socket.
   */
  readonly streamTransports: readonly ('relayed' | 'passed')[];
}

/** `enclave`: only this MRENCLAVE. `signer`: this MRSIGNER and product, at this security version or later. */
export type SealPolicy = 'enclave' | 'signer';

export const softwareCapabilities: Capabilities = Object.freeze({
  platform: 'software',
  boundary: 'process',
  hardware: false,
  identity: 'mrenclave',
  sealPolicies: Object.freeze(['enclave', 'signer'] as const),
  sealKeys: 'by-request',
  localAttestation: 'full',
  remoteAttestation: 'dcap-v3',
  gateTransport: 'unix',
  streamTransports: Object.freeze(['relayed', 'passed'] as const),
});
