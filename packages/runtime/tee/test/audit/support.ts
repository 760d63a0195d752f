import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { auditEventsOf, auditLinesOf } from '@enclos/testkit';
import { auditFiles } from '../../src/audit/files.ts';
import { openAuditWriter, type AuditWriterOptions } from '../../src/audit/writer.ts';

export const refused = (code: ErrorCode) => (error: unknown) => isEnclosError(error, code);

export const now = (): Date => new Date('2026-06-01T12:00:00.000Z');

/** Writes a log of `count` records and closes it. */
export async function writeLog(path: string, count: number, options: AuditWriterOptions = {}): Promise<void> {
  const writer = await openAuditWriter(path, { now, ...options });
  for (let i = 1; i <= count; i++) await writer.record({ event: 'test', number: i });
  await writer.close();
}

export const linesOf = async (path: string): Promise<readonly string[]> => auditLinesOf(await auditFiles(path));
export const eventsOf = async (path: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
  auditEventsOf(await auditFiles(path));
