import './errors.ts';
export type { SignedIdentity } from '@enclos/build';
export { measureStream, type Measurement } from '@enclos/build/inspect';
export {
  checkPolicy,
  collateralDoctor,
  explain,
  exportCollateral,
  fetchCollateral,
  importCollateral,
  initPolicy,
  inspect,
  listCollateral,
  readInput,
  verify,
  type CarrierFacts,
  type CheckedPolicy,
  type CollateralHealth,
  type CollateralSource,
  type FetchCollateralOptions,
  type FetchedCollateral,
  type InitialPolicy,
  type InitPolicyOptions,
  type Input,
  type VerifyOptions,
  type VerifyOutcome,
} from '@enclos/cli-evidence';
export type { Io, OutputStream } from '@enclos/cli-frame';
export {
  audited,
  doctor,
  enrolMachine,
  initPlatform,
  installEnrolment,
  issueEnrolment,
  publishTcbLevel,
  publishVendor,
  serve,
  setPlatformCpuSvn,
  showAuditLog,
  showPlatform,
  verifyAuditLog,
  writeEnrolmentRequest,
  type AuditedChange,
  type Check,
  type DoctorOptions,
  type DoctorReport,
  type EnrolOptions,
  type InitPlatformOptions,
  type InstallEnrolmentOptions,
  type IsolationReport,
  type IsolationWayReport,
  type IssueOptions,
  type PlatformFacts,
  type PublishOptions,
  type PublishTcbLevelOptions,
  type ServedPlatform,
  type ServeOptions,
  type SetCpuSvnOptions,
  type ShowAuditOptions,
  type ShownAudit,
} from '@enclos/cli-platform';
export type { Shell } from '@enclos/command-line/completions';
export type { ExplainNode, Explanation } from '@enclos/evidence/explain';
export type { VerifyStep } from '@enclos/evidence/verify';
export { debug, type DebugEvents, type DebugOptions } from './commands/debug/debug.ts';
export { deploy, type DeployOptions, type DeployOutcome } from './commands/deploy/deploy.ts';
export { dev, type DevView } from './commands/dev/dev.ts';
export {
  planGramineManifest,
  writeGramineManifest,
  type GramineManifestOptions,
  type GramineManifestOutcome,
} from './commands/gramine/gramine-manifest.ts';
export type { GramineFile, GramineFileRole, GraminePlan, GramineSettings } from './commands/gramine/plan.ts';
export type { PlatformValues, ReferenceValues } from './commands/gramine/reference-values.ts';
export { keygen, type GeneratedKey } from './commands/keygen/keygen.ts';
export { lint, type LintedManifests, type LintManifestOptions } from './commands/lint/lint.ts';
export { measure } from './commands/measure/measure.ts';
export {
  createProject,
  templates,
  type CreatedProject,
  type CreateProjectOptions,
} from './commands/new/create-project.ts';
export { run, type RunEvents } from './project/run.ts';
export {
  attachSigning,
  prepareSigning,
  type AttachSigningOptions,
  type PreparedSigning,
  type PrepareSigningOptions,
} from './commands/sign/sign-elsewhere.ts';
export { sign, type SignOptions, type SignOutcome } from './commands/sign/sign.ts';
export { test, type TestEvents, type TestOptions } from './commands/test/test.ts';
export { cHeader } from './c-header/c-header.ts';
export { completions } from './completions.ts';
export { build, type BuildOptions, type BuildOutcome } from './project/build.ts';
export type { RunOptions, RunOutcome } from './project/run-options.ts';
export { runCli } from './run-cli.ts';
