import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { generateSigningKey } from '@enclos/sgx/node';
import { startPlatform, type EmbeddedPlatform } from '@enclos/software-sgx';
import { loadBench, type BenchEnclave } from './load-bench.ts';

export interface Scene {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  readonly platform: EmbeddedPlatform;
  load(): Promise<BenchEnclave>;
  close(): Promise<void>;
}

/** Builds the benchmark enclave into a temporary folder and starts a platform there. */
export async function setTheScene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  const project = await loadProject(fileURLToPath(new URL('../../', import.meta.url)));
  const { image } = await buildEnclave(project, { outFolder: folder });
  const signature = signEnclave({ image, key: generateSigningKey(), date: new Date() });
  const platform = await startPlatform({ stateFolder: join(folder, 'platform') });
  return {
    image,
    signature,
    platform,
    load: () => loadBench({ image, signature, launcher: platform }),
    async close() {
      await platform.close();
      await rm(folder, { recursive: true });
    },
  };
}
