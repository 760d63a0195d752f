import './errors.ts';
export {
  collateralDoctor,
  exportCollateral,
  factsOfFile,
  fetchCollateral,
  importCollateral,
  listCollateral,
  type CollateralHealth,
  type FetchCollateralOptions,
  type FetchedCollateral,
} from './commands/collateral/collateral.ts';
export { inspect } from './commands/inspect/inspect.ts';
export {
  checkPolicy,
  initPolicy,
  type CheckedPolicy,
  type InitialPolicy,
  type InitPolicyOptions,
} from './commands/policy/policy.ts';
export { verify, type CarrierFacts, type VerifyOptions, type VerifyOutcome } from './commands/verify/verify.ts';
export type { CollateralSource } from './evidence/collateral-of.ts';
export { explain } from './evidence/explain.ts';
export { readInput, type Input } from './evidence/read-input.ts';
