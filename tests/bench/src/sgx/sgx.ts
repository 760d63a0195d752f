import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Figure } from '../harness/figures.ts';
import { writeSigned } from '../harness/signed-folder.ts';
import type { Scene } from '../scene.ts';
import { benchStub } from './stub.ts';

/** Signed SGX enclaves: their stub alone, and as `loadSgxEnclave` runs them. */
export async function benchSgx(scene: Scene): Promise<readonly Figure[]> {
  return [...(await benchStub()), ...(await benchLoaded(scene))];
}

/** In a host of its own, as they are deployed: this process holds the build tools, and each collection of its garbage takes longer. */
async function benchLoaded(scene: Scene): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  await writeSigned(folder, scene);
  const program = fileURLToPath(new URL('../programs/sgx-host.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, folder]);
  await rm(folder, { recursive: true });
  return JSON.parse(stdout) as readonly Figure[];
}
