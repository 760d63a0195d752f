import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { softwareRoot, type SgxPolicy, type TrustedRoot } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { generateSigningKey, measureImage } from '@enclos/sgx/node';
import { singleUserAdvisory, startPlatform, type EmbeddedPlatform } from '@enclos/software-sgx';
import { loadBench, type BenchEnclave } from './load-bench.ts';

export interface Scene {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  readonly platform: EmbeddedPlatform;
  load(): Promise<BenchEnclave>;
  /** The root of the platform, and a policy that accepts the enclave on it and nothing else. */
  trust(): Promise<{ readonly root: TrustedRoot; readonly policy: SgxPolicy }>;
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
    async trust() {
      const root = await softwareRoot((await platform.describe()).rootCertificate);
      const policy = {
        mrEnclave: [toHex(measureImage(image))],
        minimumSecurityVersion: 1,
        acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
        acceptedAdvisoryIds: [singleUserAdvisory],
        intelRoot: false,
        softwareRoots: [root.fingerprint],
      } as const;
      return { root, policy };
    },
    async close() {
      await platform.close();
      await rm(folder, { recursive: true });
    },
  };
}
