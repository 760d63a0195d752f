import './errors.ts';
export {
  audited,
  showAuditLog,
  verifyAuditLog,
  type AuditedChange,
  type ShowAuditOptions,
  type ShownAudit,
} from './commands/platform/audit.ts';
export { build, type BuildOptions, type BuildOutcome } from './project/build.ts';
export {
  collateralDoctor,
  exportCollateral,
  fetchCollateral,
  importCollateral,
  listCollateral,
  type CollateralHealth,
  type FetchCollateralOptions,
  type FetchedCollateral,
} from './commands/collateral/collateral.ts';
export { completions } from './completions.ts';
export type { Shell } from '@enclos/command-line/completions';
export {
  createProject,
  templates,
  type CreatedProject,
  type CreateProjectOptions,
} from './commands/new/create-project.ts';
export { debug, type DebugEvents, type DebugOptions } from './commands/debug/debug.ts';
export { deploy, type DeployOptions, type DeployOutcome } from './commands/deploy/deploy.ts';
export { dev, type DevView } from './commands/dev/dev.ts';
export { doctor, type DoctorOptions, type DoctorReport } from './commands/doctor/doctor.ts';
export { explain } from './evidence/explain.ts';
export {
  planGramineManifest,
  writeGramineManifest,
  type GramineManifestOptions,
  type GramineManifestOutcome,
} from './commands/gramine/gramine-manifest.ts';
export { inspect } from './commands/inspect/inspect.ts';
export { keygen, type GeneratedKey } from './commands/keygen/keygen.ts';
export { lint, type LintedManifests, type LintManifestOptions } from './commands/lint/lint.ts';
export { measureStream, type Measurement } from '@enclos/build/inspect';
export { measure } from './commands/measure/measure.ts';
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
} from './commands/platform/platform.ts';
export {
  checkPolicy,
  initPolicy,
  type CheckedPolicy,
  type InitialPolicy,
  type InitPolicyOptions,
} from './commands/policy/policy.ts';
export { run, type RunEvents } from './commands/run/run.ts';
export type { RunOptions, RunOutcome } from './project/run-options.ts';
export { serve, type ServedPlatform, type ServeOptions } from './commands/platform/serve-platform.ts';
export {
  attachSigning,
  prepareSigning,
  type AttachSigningOptions,
  type PreparedSigning,
  type PrepareSigningOptions,
} from './commands/sign/sign-elsewhere.ts';
export type { SignedIdentity } from '@enclos/build';
export { sign, type SignOptions, type SignOutcome } from './commands/sign/sign.ts';
export { test, type TestEvents, type TestOptions } from './commands/test/test.ts';
export { verify, type CarrierFacts, type VerifyOptions, type VerifyOutcome } from './commands/verify/verify.ts';
export type { CollateralSource } from './evidence/collateral-of.ts';
export type { VerifyStep } from '@enclos/evidence/verify';
export type { GramineFile, GramineFileRole, GraminePlan, GramineSettings } from './commands/gramine/plan.ts';
export type { PlatformValues, ReferenceValues } from './commands/gramine/reference-values.ts';
export { readInput, type Input } from './evidence/read-input.ts';
export type { Explanation, ExplainNode } from '@enclos/evidence/explain';
export type { Check } from './commands/doctor/check.ts';
export type { IsolationReport, IsolationWayReport } from './commands/doctor/isolation.ts';
export type { Io, OutputStream } from './output/io.ts';
export { runCli } from './run-cli.ts';
