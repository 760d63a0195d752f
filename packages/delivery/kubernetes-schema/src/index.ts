/** `@enclos/kubernetes-schema`: what a Kubernetes API server accepts. */
export { checkObject } from './check/index.ts';
export { isServedNowhere } from './check/kind.ts';
export { isSubdomainName } from './forms/names.ts';
export { canonicalQuantity } from './forms/canonical-quantity.ts';
export { bytesText, parseQuantity, type Quantity } from './forms/quantity.ts';
export { refusals, type LintRule, type RefusalCode, type Severity } from './refusals.ts';
export { meantBy, type Fix, type Report } from './report.ts';
export { kubernetesRelease } from './schema/kinds.ts';
export { kindOf, kinds, typeOf, type FieldType, type KindEntry } from './schema/types.ts';
