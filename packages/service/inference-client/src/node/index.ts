import '../errors.ts';

/** What needs Node: a proxy for programs that do not know the client, and how a client reaches and appraises a service. */
export { createAttestedCarrier, type AttestedCarrier } from './attested-carrier.ts';
export { createSealedCarrier, type SealedCarrier } from './carrier.ts';
export { policyReportAppraiser, type PolicyReportAppraiserOptions } from './policy-appraiser.ts';
export { createInferenceProxy, type InferenceProxy, type InferenceProxyOptions } from './proxy.ts';
export { supplyModelKey, type SuppliedModelKey } from './supply-key.ts';
