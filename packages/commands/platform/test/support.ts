import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The time of every command of these tests. */
export const now = new Date('2026-06-01T12:00:00Z');

const base = mkdtempSync(join(tmpdir(), 'enclos-cli-platform-'));
process.once('exit', () => rmSync(base, { recursive: true, force: true }));

/** A folder that is removed at the end of the process. */
export function temporaryFolder(): string {
  return mkdtempSync(join(base, 'folder-'));
}
