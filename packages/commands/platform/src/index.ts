export type { Check } from './commands/doctor/check.ts';
export { doctor, type DoctorOptions, type DoctorReport } from './commands/doctor/doctor.ts';
export type { IsolationReport, IsolationWayReport } from './commands/doctor/isolation.ts';
export {
  audited,
  showAuditLog,
  verifyAuditLog,
  type AuditedChange,
  type ShowAuditOptions,
  type ShownAudit,
} from './commands/platform/audit.ts';
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
export { serve, type ServedPlatform, type ServeOptions } from './commands/platform/serve-platform.ts';
