import type { Capabilities } from '../capabilities.ts';

/** Intel SGX through Gramine. Not yet run on hardware. */
export const gramineCapabilities: Capabilities = Object.freeze({
  platform: 'gramine',
  boundary: 'sgx',
  hardware: true,
  identity: 'mrenclave',
  sealPolicies: Object.freeze(['enclave', 'signer'] as const),
  sealKeys: 'fixed',
  localAttestation: 'prove',
  remoteAttestation: 'dcap-v3',
  gateTransport: 'tcp',
  streamTransports: Object.freeze(['relayed'] as const),
});
