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
export { checkApp, type AppCheck } from './deployment/check-app.ts';
export type { AuthnPolicy, EndpointMode, EndpointProperties, PolicyName } from './bundle/properties.ts';
export { bodyTooLarge, headerTooLarge, requestLimits } from './contract/limits.ts';
export type { AppAnswer, AppRequest } from './contract/message.ts';
export { consortiumAppErrors } from './errors.ts';
export type { KnownParty } from './node/genesis.ts';
export {
  certifiedKey,
  makeServiceIdentity,
  type CertifiedKey,
  type CertifiedKeyOptions,
  type ServiceIdentity,
} from './node/identity.ts';
export type { LedgerSink } from './node/node-ledger.ts';
export { issueShares } from './node/recovery.ts';
export { readTokenIssuer, tokenIssuerBytes, type TokenIssuer } from './sandbox/token-issuer.ts';
export { Sandbox, type SandboxOptions } from './sandbox/sandbox.ts';
export type { SignaturePolicy } from './stages/signature-clock.ts';
export type { GovernanceEffects } from './session/effects.ts';
export {
  loadCcfProgram,
  type CcfFunction,
  type CcfInterpreter,
  type CcfOutcome,
  type CcfProgram,
} from './ccf/program.ts';
export type { ScriptRequest } from './session/request.ts';
export { contextOf, isApplication, type ScriptRole } from './session/role.ts';
export type { CallInput, ScriptCall, ScriptResponse } from './session/session.ts';
export type {
  AppFoundation,
  HistoricalState,
  HistoricalView,
  LedgerView,
  LogLevel,
  ReceiptJson,
  ScriptServices,
  UvmRoot,
} from './context.ts';
