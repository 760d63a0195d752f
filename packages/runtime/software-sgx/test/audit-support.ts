import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { auditFiles, openAppendFile, type AppendFile } from '@enclos/tee/audit';

export const refused = (code: ErrorCode) => (error: unknown) => isEnclosError(error, code);

const base = mkdtempSync(join(tmpdir(), 'enclos-audit-'));
process.once('exit', () => rmSync(base, { recursive: true, force: true }));

/** A new path for a log, short enough for its lock. */
export function newLog(): string {
  return join(mkdtempSync(join(base, 'l')), 'audit.log');
}

export const now = (): Date => new Date('2026-06-01T12:00:00.000Z');

async function linesOf(path: string): Promise<readonly string[]> {
  const texts = (await auditFiles(path)).map((file) => readFileSync(file, 'utf8'));
  return texts.join('').split('\n').slice(0, -1);
}

export async function eventsOf(path: string): Promise<readonly Record<string, unknown>[]> {
  return (await linesOf(path)).map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A disk whose room a test decides about. What does not fit is written in part, as by write(2). */
export interface Disk {
  full: boolean;
  appends: number;
  readonly open: (path: string) => Promise<AppendFile>;
}

export function createDisk(): Disk {
  const disk: Disk = {
    full: false,
    appends: 0,
    async open(path) {
      const file = await openAppendFile(path);
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
