import '../errors.ts';
export { createTsmAttester, type TsmAttester, type TsmAttesterOptions, type TsmEvidence } from './attester.ts';
export { snpCapabilities, tdxCapabilities } from './capabilities.ts';
export { parseCertificateTable, type HostCertificate } from './certificate-table.ts';
export type { TsmProvider } from './outblob.ts';
export type { KernelFile, KernelFiles } from '../devices/kernel-files.ts';
