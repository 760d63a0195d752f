import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Keys that are in the repository for everybody to read: they sign nothing but test enclaves. */
export function testKey(name: 'vendor' | 'other'): KeyObject {
  const folder = fileURLToPath(new URL('../../test/fixtures', import.meta.url));
  return createPrivateKey(readFileSync(join(folder, `${name}-signing.test-only.pem`)));
}

export const now = new Date('2026-06-01T12:00:00Z');
export const dayMs = 86_400_000;

const base = mkdtempSync(join(tmpdir(), 'enclos-provisioning-'));
process.once('exit', () => rmSync(base, { recursive: true, force: true }));

/** A folder that is removed at the end of the process, after every hook of a test that may still use it. */
export function temporaryFolder(): string {
  return mkdtempSync(join(base, 'folder-'));
}
