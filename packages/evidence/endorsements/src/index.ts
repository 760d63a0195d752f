import './errors.ts';
export { bundleStore, readBundle, writeBundle } from './bundle.ts';
export type { DcapFacts, PckFacts, PckLookup } from './dcap/dcap.ts';
export { carriedChain, endorsementFacts, type CarriedChain } from './evidence-facts.ts';
export { examineItems, type BaselineLag, type ExaminedItem as Examined } from './examine.ts';
export {
  fetchEndorsements,
  type EndorsementFacts,
  type FetchedEndorsements,
  type FetchOptions,
} from './fetch-endorsements.ts';
export { obtainItem, type ItemOptions, type ItemStore, type ObtainedItem } from './fetch-item.ts';
export type { Freshness, FreshnessPolicy } from './freshness.ts';
export type { ItemContent, ItemFacts } from './item.ts';
export type { PckSubject } from './dcap/pck.ts';
export type { ItemReport, Notice } from './report.ts';
export { itemRequest, parseItemRequest, type ItemKind, type ItemRequest } from './request.ts';
export type { EvaluationNumber } from './signed-document.ts';
export type { SnpCollateral, SnpFacts, SnpTcb } from './snp/snp.ts';
export type { Route, RouteContext, Source } from './source.ts';
export { amdKds } from './sources/amd.ts';
export { azureAmd, azureThim, type AzureOptions } from './sources/azure.ts';
export { intelPcs, pccs, type IntelPcsOptions, type PccsOptions } from './sources/intel.ts';
export type { StoredItem } from './stored-item.ts';
export type { Network, TransportOptions } from './transport.ts';
