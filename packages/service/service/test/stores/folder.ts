import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A folder for one test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-store-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The name of the service whose stores the tests open. */
export const service = 'test';
