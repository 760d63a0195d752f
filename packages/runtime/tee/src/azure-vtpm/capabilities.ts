import type { Capabilities } from '../capabilities.ts';

/**
 * An Azure confidential VM with SEV-SNP. Its paravisor asks for the hardware report at boot and keeps it in the virtual
 * TPM; the fresh part is a quote of that TPM, whose key the report binds. Not yet run on hardware.
 */
export const azureSnpCapabilities: Capabilities = Object.freeze({
  platform: 'azure-vtpm',
  boundary: 'virtual-machine',
  hardware: true,
  identity: 'snp-measurement',
  sealPolicies: Object.freeze([]),
  sealKeys: 'none',
  localAttestation: 'none',
  remoteAttestation: 'azure-vtpm',
  gateTransport: 'none',
  streamTransports: Object.freeze(['relayed'] as const),
});

/** The same with Intel TDX. Not yet run on hardware. */
export const azureTdxCapabilities: Capabilities = Object.freeze({ ...azureSnpCapabilities, identity: 'mrtd' });
