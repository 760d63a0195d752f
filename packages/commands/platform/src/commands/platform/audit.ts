import { stat } from 'node:fs/promises';
import { EnclosError, isEnclosError } from '@enclos/errors';
import {
  createLogReader,
  openAuditWriter,
  readLog,
  verifyAudit,
  type AuditEvent,
  type AuditRecord,
  type AuditSummary,
  type ChainHead,
} from '@enclos/software-sgx';
import type { PlatformFacts } from './platform.ts';

export interface AuditedChange {
  /** No log, no record. */
  readonly auditFile: string | undefined;
  readonly event: 'platform-initialized' | 'enrolment' | 'cpusvn-set' | 'tcb-published';
  readonly now: () => Date;
}

/**
 * Makes a change of a vendor or a machine, and writes it down with its result. A log that cannot be opened
 * prevents the change; one that fails afterwards is an error, and the change is made.
 * @throws PLATFORM_AUDIT_BUSY, PLATFORM_AUDIT_BROKEN, PLATFORM_AUDIT_FAILED, and what `change` throws
 */
export async function audited(
  { auditFile, event, now }: AuditedChange,
  change: () => Promise<PlatformFacts>,
): Promise<PlatformFacts> {
  if (auditFile === undefined) return change();
  const writer = await openAuditWriter(auditFile, { now });
  try {
    const facts = await change();
    await writer.record({ event, code: 'OK', ...recordOf(facts) });
    return facts;
  } catch (error) {
    if (!isEnclosError(error, 'PLATFORM_AUDIT_FAILED')) {
      const code = isEnclosError(error) ? error.code : 'CLI_UNEXPECTED';
      // Why the change failed is what its caller has to know.
      await writer.record({ event, code }).catch(() => undefined);
    }
    throw error;
  } finally {
    await writer.close();
  }
}

function recordOf({ vendor, machine, certified }: PlatformFacts): Omit<AuditEvent, 'event'> {
  return {
    ...(vendor === undefined
      ? {}
      : { vendorRoot: vendor.rootFingerprint, tcbEvaluation: vendor.tcbEvaluationDataNumber ?? 0 }),
    ...(certified === undefined
      ? {}
      : { certifiedPpid: certified.ppid, certifiedCpuSvn: certified.cpuSvn, certifiedPceSvn: certified.pceSvn }),
    ...(machine === undefined
      ? {}
      : {
          ppid: machine.ppid,
          cpuSvn: machine.cpuSvn,
          pceSvn: machine.pceSvn,
          enrolled: machine.enrolled,
          machineRoot: machine.rootFingerprint ?? 'none',
        }),
  };
}

/**
 * Follows the chain of an audit log.
 * @throws PLATFORM_AUDIT_BROKEN, CLI_FILE_UNREADABLE for a folder
 */
export async function verifyAuditLog(file: string, anchor?: ChainHead): Promise<AuditSummary> {
  await requireFile(file);
  return verifyAudit(file, { anchor });
}

/** A log that is missing is for the reader to report: only it knows of older files. */
async function requireFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory() !== true) return;
  throw new EnclosError('CLI_FILE_UNREADABLE', `${file} is a folder, not an audit log.`, { details: { path: file } });
}

export interface ShowAuditOptions {
  readonly file: string;
  /** Only records of these events. Default: all. */
  readonly events?: readonly string[];
  /** Only records of this enclave, as the log numbers it: `3.1`. */
  readonly enclave?: string | undefined;
  /** The last so many. */
  readonly last: number;
}

export interface ShownAudit {
  readonly records: readonly AuditRecord[];
  /** Where the chain breaks; what follows is not shown. */
  readonly broken: EnclosError | undefined;
}

/** The last records of an audit log, as far as its chain holds. */
export async function showAuditLog({ file, events = [], enclave, last }: ShowAuditOptions): Promise<ShownAudit> {
  await requireFile(file);
  const records: AuditRecord[] = [];
  try {
    for await (const { record } of readLog(file, createLogReader())) {
      if (events.length > 0 && !events.includes(record.event)) continue;
      if (enclave !== undefined && record.fields['enclave'] !== enclave) continue;
      records.push(record);
      // Not at every record: cutting costs what is kept.
      if (records.length > 2 * last) records.splice(0, records.length - last);
    }
  } catch (error) {
    if (!isEnclosError(error, 'PLATFORM_AUDIT_BROKEN')) throw error;
    return { records: records.slice(-last), broken: error };
  }
  return { records: records.slice(-last), broken: undefined };
}
