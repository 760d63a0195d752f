import './errors.ts';
import { azureSnpCapabilities, azureTdxCapabilities } from './azure-vtpm/capabilities.ts';
import { softwareCapabilities, type Capabilities } from './capabilities.ts';
import { gramineCapabilities } from './gramine/capabilities.ts';
import { snpCapabilities, tdxCapabilities } from './tsm/capabilities.ts';

export { detectPlatforms, type DetectedPlatform } from './detect.ts';

/** What each platform can do, by a name for people. */
export const capabilityTables: Readonly<Record<string, Capabilities>> = Object.freeze({
  'Software SGX': softwareCapabilities,
  'SGX, Gramine': gramineCapabilities,
  'SEV-SNP, configfs-tsm': snpCapabilities,
  'TDX, configfs-tsm': tdxCapabilities,
  'SEV-SNP, Azure vTPM': azureSnpCapabilities,
  'TDX, Azure vTPM': azureTdxCapabilities,
});
