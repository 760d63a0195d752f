import './errors.ts';
export type { SyncCrypto } from './node/node-crypto.ts';
export { boundReportDataSync, softwareRootSync } from './node/inputs-sync.ts';
export { verifyQuoteSync, type VerifySyncOptions } from './node/verify-sync.ts';
export { verifySnpReportSync, type SnpVerifySyncOptions } from './snp/node.ts';
export { verifyAzureSnpSync, verifyAzureTdxSync } from './vtpm/node.ts';
