import { EnclosError } from '@enclos/errors';
import { findRelay, relayName } from '@enclos/isolation';
import { isProgramManifest, type EnclaveManifest } from '@enclos/manifest';
import type { ApplicationFile } from './application.ts';
import type { Architecture } from './base/base.ts';
import { fileContent } from './tar/file-content.ts';

/**
 * The relay, where a platform of one file looks for it, for a program with a private network.
 * @throws OCI_BASE_UNUSABLE where this installation has none for the architecture
 */
export async function relayFiles(
  manifest: EnclaveManifest,
  architecture: Architecture,
): Promise<readonly ApplicationFile[]> {
  if (!isProgramManifest(manifest) || manifest.program.network !== 'private') return [];
  const files = await relayIfBuilt(architecture);
  if (files.length > 0) return files;
  throw new EnclosError(
    'OCI_BASE_UNUSABLE',
    `The program has a private network, and this installation has no relay for ${architecture}.`,
  );
}

/** A platform without the relay runs all other enclaves. The relay is for the machine that built it. */
export async function relayIfBuilt(architecture: Architecture): Promise<readonly ApplicationFile[]> {
  const here = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const path = architecture === here ? findRelay() : undefined;
  return path === undefined ? [] : [{ path: `native/${relayName}`, content: await fileContent(path) }];
}
