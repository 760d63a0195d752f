import './errors.ts';
export {
  audited,
  showAuditLog,
  verifyAuditLog,
  type AuditedChange,
  type ShowAuditOptions,
  type ShownAudit,
} from './actions/audit.ts';
export { build, type BuildOptions, type BuildOutcome } from './actions/build.ts';
export {
  collateralDoctor,
  exportCollateral,
  fetchCollateral,
  importCollateral,
  listCollateral,
  type CollateralHealth,
  type FetchCollateralOptions,
  type FetchedCollateral,
} from './actions/collateral.ts';
export { completions, type Shell } from './actions/completions.ts';
export { createProject, type CreatedProject, type CreateProjectOptions } from './actions/create-project.ts';
export { debug, type DebugEvents, type DebugOptions } from './actions/debug.ts';
export { deploy, type DeployOptions, type DeployOutcome } from './actions/deploy.ts';
export { dev, type DevView } from './actions/dev.ts';
export { doctor, type DoctorOptions, type DoctorReport } from './actions/doctor.ts';
export { explain } from './actions/explain.ts';
export {
  planGramineManifest,
  writeGramineManifest,
  type GramineManifestOptions,
  type GramineManifestOutcome,
} from './actions/gramine-manifest.ts';
export { inspect } from './actions/inspect.ts';
export { keygen, type GeneratedKey } from './actions/keygen.ts';
export { lint, type LintedManifests, type LintManifestOptions } from './actions/lint.ts';
export { measure, measureStream, type Measurement } from './actions/measure.ts';
export {
  enrolMachine,
  initPlatform,
  installEnrolment,
  issueEnrolment,
  publishTcbLevel,
  publishVendor,
  setPlatformCpuSvn,
  showPlatform,
  writeEnrolmentRequest,
  type EnrolOptions,
  type InitPlatformOptions,
  type InstallEnrolmentOptions,
  type IssueOptions,
  type PlatformFacts,
  type PublishOptions,
  type PublishTcbLevelOptions,
  type SetCpuSvnOptions,
} from './actions/platform.ts';
export {
  checkPolicy,
  initPolicy,
  type CheckedPolicy,
  type InitialPolicy,
  type InitPolicyOptions,
} from './actions/policy.ts';
export { run, type RunEvents, type RunOptions, type RunOutcome } from './actions/run.ts';
export { serve, type ServedPlatform, type ServeOptions } from './actions/serve-platform.ts';
export {
  attachSigning,
  prepareSigning,
  type AttachSigningOptions,
  type PreparedSigning,
  type PrepareSigningOptions,
} from './actions/sign-elsewhere.ts';
export type { SignedIdentity } from '@enclos/build';
export { sign, type SignOptions, type SignOutcome } from './actions/sign.ts';
export { verify, type CarrierFacts, type VerifyOptions, type VerifyOutcome } from './actions/verify.ts';
export type { CollateralSource } from './evidence/collateral-of.ts';
export type { VerifyStep } from './evidence/step-list.ts';
export type { GramineFile, GramineFileRole, GraminePlan, GramineSettings } from './gramine/plan.ts';
export type { PlatformValues, ReferenceValues } from './gramine/reference-values.ts';
export { readInput, type Input } from './evidence/read-input.ts';
export type { Explanation } from './explain/explain.ts';
export type { ExplainNode } from './explain/nodes.ts';
export type { Check } from './doctor/check.ts';
export type { IsolationReport, IsolationWayReport } from './doctor/isolation.ts';
export type { Io, OutputStream } from './io.ts';
export { runCli } from './run-cli.ts';
