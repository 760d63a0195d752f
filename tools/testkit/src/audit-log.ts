import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What `AppendFile` of `@enclos/tee/audit` is, on which this package does not depend. */
interface AppendFile {
  readonly sizeBytes: number;
  append(bytes: Uint8Array): Promise<void>;
  rotate(): Promise<void>;
  close(): Promise<void>;
}

let base: string | undefined;

/** A new path for an audit log, short enough for its lock. Nothing of it is left when the process ends. */
export function newAuditLog(): string {
  if (base === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'enclos-audit-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    base = folder;
  }
  return join(mkdtempSync(join(base, 'l')), 'audit.log');
}

/** The whole lines of the files of a log, in their order. */
export function auditLinesOf(files: readonly string[]): readonly string[] {
  const texts = files.map((file) => readFileSync(file, 'utf8'));
  return texts.join('').split('\n').slice(0, -1);
}

export function auditEventsOf(files: readonly string[]): readonly Readonly<Record<string, unknown>>[] {
  return auditLinesOf(files).map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A disk whose room a test decides about. */
export interface AuditDisk {
  full: boolean;
  appends: number;
  readonly open: (path: string) => Promise<AppendFile>;
}

/** @param openFile `openAppendFile` of `@enclos/tee/audit`. */
export function createAuditDisk(openFile: (path: string) => Promise<AppendFile>): AuditDisk {
  const disk: AuditDisk = {
    full: false,
    appends: 0,
    async open(path) {
      const file = await openFile(path);
      return {
        get sizeBytes() {
          return file.sizeBytes;
        },
        async append(bytes) {
          disk.appends += 1;
          if (disk.full) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
          await file.append(bytes);
        },
        rotate: () => file.rotate(),
        close: () => file.close(),
      };
    },
  };
  return disk;
}
