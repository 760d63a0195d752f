/** What a platform can do. Platforms are not equal, and one never imitates what it lacks. */
export interface Capabilities {
  readonly platform: 'software' | 'gramine' | 'tsm' | 'azure-vtpm';
  /** What stands between the enclave and the machine's operator. */
  readonly boundary: 'process' | 'sgx' | 'virtual-machine';
  /** True when the boundary holds against the machine's owner. */
  readonly hardware: boolean;
  /** What the measured identity is. */
  readonly identity: 'mrenclave' | 'mrtd' | 'snp-measurement';
  readonly sealPolicies: readonly SealPolicy[];
  readonly localAttestation: boolean;
  readonly remoteAttestation: 'dcap-v3' | 'dcap-v4' | 'snp-report' | 'none';
  readonly gateTransport: 'unix' | 'tcp' | 'vsock';
}

/** `enclave`: only this MRENCLAVE. `signer`: this MRSIGNER and product, at this security version or later. */
export type SealPolicy = 'enclave' | 'signer';

export const softwareCapabilities: Capabilities = Object.freeze({
  platform: 'software',
  boundary: 'process',
  hardware: false,
  identity: 'mrenclave',
  sealPolicies: Object.freeze(['enclave', 'signer'] as const),
  localAttestation: true,
  remoteAttestation: 'dcap-v3',
  gateTransport: 'unix',
});
