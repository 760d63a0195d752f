import './errors.ts';
export type { SyncCrypto } from './crypto/node-crypto.ts';
export { boundReportDataSync, softwareRootSync } from './node/inputs-sync.ts';
export {
  verifyAzureSnpSync,
  verifyAzureTdxSync,
  verifyQuoteOnThreads,
  verifyQuoteSync,
  verifySnpReportSync,
  type SnpVerifySyncOptions,
  type VerifySyncOptions,
} from './node/verify-sync.ts';
