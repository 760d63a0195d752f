import type { Capabilities } from '../capabilities.ts';

/**
 * An AMD SEV-SNP guest through configfs-tsm. The boundary is the virtual machine, with everything that runs in it. SNP has
 * derived keys (MSG_KEY_REQ), but they need an ioctl(2) of /dev/sev-guest that Node cannot make. Not yet run on hardware.
 */
export const snpCapabilities: Capabilities = Object.freeze({
  platform: 'tsm',
  boundary: 'virtual-machine',
  hardware: true,
  identity: 'snp-measurement',
  sealPolicies: Object.freeze([]),
  sealKeys: 'none',
  localAttestation: 'none',
  remoteAttestation: 'snp-report',
  gateTransport: 'none',
  streamTransports: Object.freeze(['relayed'] as const),
});

/** An Intel TDX guest through configfs-tsm. TDX derives no keys. Not yet run on hardware. */
export const tdxCapabilities: Capabilities = Object.freeze({
  ...snpCapabilities,
  identity: 'mrtd',
  remoteAttestation: 'dcap-v4',
});
