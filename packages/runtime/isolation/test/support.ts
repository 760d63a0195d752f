import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const base = mkdtempSync(join(tmpdir(), 'enclos-isolation-'));
// Each folder in it says who may enter.
chmodSync(base, 0o711);
process.once('exit', () => rmSync(base, { recursive: true, force: true }));

/** A folder that is removed at the end of the process, after every hook of a test that may still use it. */
export function temporaryFolder(): string {
  return mkdtempSync(join(base, 'folder-'));
}
