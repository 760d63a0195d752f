import './errors.ts';
export type { SyncCrypto } from './crypto/node-crypto.ts';
export { boundReportDataSync, softwareRootSync } from './node/inputs-sync.ts';
export { verifyQuoteSync, type VerifySyncOptions } from './node/verify-sync.ts';
export { verifySnpReportSync, type SnpVerifySyncOptions } from './node/verify-snp-sync.ts';
export { verifyAzureSnpSync, verifyAzureTdxSync } from './node/verify-azure-sync.ts';
