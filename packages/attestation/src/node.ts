export { verifySnpReportSync } from './snp/node.ts';
export { verifyAzureSnpSync, verifyAzureTdxSync } from './vtpm/node.ts';
