import '../errors.ts';
export { createAzureVtpmAttester, type AzureVtpmAttester, type AzureVtpmAttesterOptions } from './attester.ts';
export { azureSnpCapabilities, azureTdxCapabilities } from './capabilities.ts';
export type { RunCommand } from './command.ts';
export type { AzureEvidence } from './evidence.ts';
export { parseHclReport, type HclReport } from './hcl-report.ts';
export type { AmdCertificates, Fetch } from './instance-metadata.ts';
export type { TpmQuote } from './tpm-quote.ts';
