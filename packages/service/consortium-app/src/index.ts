import './errors.ts';

/** JavaScript applications of CCF. Runs in enclaves. */
export {
  bundleBounds,
  bundleOf,
  readBundle,
  writeBundle,
  type AppBundle,
  type AppModule,
  type BundleEndpoint,
} from './bundle/bundle.ts';
export type { AuthnPolicy, EndpointMode, EndpointProperties, PolicyName } from './bundle/properties.ts';
export { consortiumAppErrors } from './errors.ts';
export type { AppFoundation, HistoricalState, LedgerView } from './context.ts';
