// The audit log of a platform: lines that each name the hash of the one before. Reading and checking one needs no platform.
import '../software/platform-errors.ts';

export { openAppendFile, type AppendFile } from './append-file.ts';
export { auditFiles } from './files.ts';
export { createLogReader, readLog, type AuditLine } from './read.ts';
export type { AuditEvent, AuditRecord, ChainHead } from './record.ts';
export { createTally, type Tally } from './tally.ts';
export { parseAnchor, verifyAudit, type AuditSummary, type VerifyAuditOptions } from './verify.ts';
export { openAuditWriter, type AuditWriter, type AuditWriterOptions } from './writer.ts';
