export { auditInterface } from './audit-interface.ts';
export { type AuditFacts, type AuditOutcome, type AuditedCall, auditLine } from './audit-line.ts';
