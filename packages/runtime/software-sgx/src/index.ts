import './errors.ts';
export {
  collateralApp,
  collateralFor,
  createMachine,
  createVendor,
  enrolmentRequest,
  initialCpuSvn,
  installPck,
  issuePck,
  openMachine,
  openVendor,
  outOfDateAdvisory,
  parseEnrolmentRequest,
  publishTcb,
  refreshVendor,
  revoke,
  separationOf,
  setCpuSvn,
  singleUserAdvisory,
  type CollateralApp,
  type CollateralAppOptions,
  type CollateralSource,
  type CreateVendorOptions,
  type EnrolmentRequest,
  type InstallOptions,
  type IssuedPck,
  type IssueOptions,
  type Machine,
  type OpenedVendor,
  type PublishTcbOptions,
  type Revocation,
  type Separation,
  type SignedDocuments,
  type TcbGeneration,
  type Vendor,
} from '@enclos/provisioning';
export { openPlatformAudit, type PlatformAudit } from './platform-audit.ts';
export {
  createLogReader,
  openAuditWriter,
  parseAnchor,
  readLog,
  verifyAudit,
  type AuditEvent,
  type AuditLine,
  type AuditRecord,
  type AuditSummary,
  type AuditWriter,
  type AuditWriterOptions,
  type ChainHead,
  type VerifyAuditOptions,
} from '@enclos/tee/audit';
export { createCpu, type Cpu, type CreateCpuOptions, type LoadOptions } from './cpu/cpu.ts';
export type { EnclaveRequest } from './cpu/construction.ts';
export type { EnclaveIdentity, EnclaveUnderConstruction, LoadedEnclave } from './cpu/enclave.ts';
export { startCpu } from './cpu/machine-cpu.ts';
export { createQuotingEnclave, type QuotingEnclave } from './quoting/quoting-enclave.ts';
export {
  startPlatform,
  startPlatformProcess,
  type EmbeddedPlatform,
  type EmbeddedPlatformOptions,
  type PlatformProcess,
  type PlatformProcessOptions,
} from './platform/embedded.ts';
export { enrol, initializePlatform, openPlatform, stateFolders, type OpenPlatformOptions } from './platform/open.ts';
export type { Caller, HostFolder } from './platform/host-folder.ts';
export type { HostListening, Listening } from './platform/host-listeners.ts';
export { serveQuotes } from './platform/quote-helper.ts';
export { servePlatform, type FolderHost, type HostSocket, type PlatformServer } from './platform/server.ts';
export type { SeparationOptions } from './platform/separation/separation.ts';
export type { SeparatedUsers, UserRange } from './platform/separation/users.ts';
export { requireUsers } from './platform/separation/users.ts';
export { tryPassing, type PassingTrialOptions } from './platform/passing/trial.ts';
export { trySgx, type SgxReport, type SgxTrialOptions } from './platform/sgx/trial.ts';
export type { PlatformServices } from './platform/services.ts';
export { tryLaunch, type TrialOptions } from './platform/trial.ts';
