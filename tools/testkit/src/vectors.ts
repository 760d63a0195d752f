import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/**
 * Third-party test data lives outside the repository. Tests that need it are
 * skipped, visibly and counted, when it is absent; in CI its absence fails.
 */
function locate(): string | undefined {
  const checkout = join(dirname(fileURLToPath(import.meta.url)), '../../../..');
  const folder = process.env['ENCLOS_VECTORS'] ?? join(checkout, '../shared/vectors');
  return existsSync(join(folder, 'MANIFEST.md')) ? folder : undefined;
}

const folder = locate();

function requireFolder(): string {
  if (folder === undefined) throw new Error('The vector folder is absent: set ENCLOS_VECTORS.');
  return folder;
}

export const vectors = Object.freeze({
  available: folder !== undefined,

  read(path: string): Uint8Array {
    return new Uint8Array(readFileSync(join(requireFolder(), path)));
  },

  list(path: string): readonly string[] {
    return readdirSync(join(requireFolder(), path)).sort();
  },

  /** A test that needs the vectors. */
  test(name: string, body: () => void | Promise<void>): void {
    if (folder === undefined && process.env['CI'] === undefined) {
      test(name, { skip: 'third-party vectors are absent' }, () => undefined);
    } else {
      test(name, body);
    }
  },
});
