import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let own: string | undefined;

/**
 * A folder for what the tests of one run make once: `tools/test.mjs` makes it, and removes it in the end. A process that it did not
 * start has one for itself. Processes write to it beside each other: add a file only when it is whole, and change none.
 */
export function runFolder(name: string): string {
  const folder = join(process.env['ENCLOS_TEST_RUN'] ?? (own ??= ownFolder()), name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-run-of-tests-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
