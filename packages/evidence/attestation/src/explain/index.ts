import '../errors.ts';
export { explainAzureDocument } from './azure-document.ts';
export { cautionsOf, isDebugVerdict } from './cautions.ts';
export { explainCollateral, type ExplainedCollateral } from './collateral.ts';
export type { ExplainedField } from './field.ts';
export { explainHclReport } from './hcl-report.ts';
export { explainQuote } from './quote.ts';
export { explainSnpReport } from './snp-report.ts';
export { shortfallName, statusMeanings, type StatusMeaning } from './statuses.ts';
