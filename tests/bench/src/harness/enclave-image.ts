import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildEnclave, loadProject, signEnclave, type Project } from '@enclos/build';
import type { StreamTransport } from '@enclos/manifest';
import { signingKey } from '@enclos/process-kit';
import { writeSigned } from './signed-folder.ts';

/**
 * Builds an enclave project and signs it, into a folder for its host.
 * @param transport of all its streams, whatever its `enclave.json` says.
 */
export async function imageIn(folder: string, projectFolder: string, transport: StreamTransport): Promise<void> {
  await mkdir(folder, { recursive: true });
  const project = await loadProject(projectFolder);
  const { image } = await buildEnclave(withTransport(project, transport), { outFolder: join(folder, 'out') });
  await writeSigned(folder, { image, signature: signEnclave({ image, key: signingKey('first'), date: new Date() }) });
}

function withTransport(project: Project, transport: StreamTransport): Project {
  return {
    ...project,
    listen: project.listen.map((entry) => ({ ...entry, transport })),
    connect: project.connect.map((entry) => ({ ...entry, transport })),
  };
}
