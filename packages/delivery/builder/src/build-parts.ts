import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@enclos/codec';
import type { EnclaveManifest, ImagePayload, ProgramManifest } from '@enclos/manifest';
import type { TrustedFile } from './build-report.ts';
import { locateInstalledFile, locateProjectFile, readProjectFile, unreadable } from './project/project-files.ts';
import { PROJECT_FILE, type Project } from './project/project.ts';

/*
 * What the builds of modules and of programs share.
 */

/** @throws what reading a file of the project throws */
export async function readEmbedded(project: Project): Promise<ImagePayload['files']> {
  return Promise.all(
    project.files.map(async ({ source, target }) => ({
      path: target,
      content: await readProjectFile(project.folder, source),
    })),
  );
}

type TrustedFileEntry = EnclaveManifest['trustedFiles'][number];

/** In a stream: a trusted file may be a model of many gigabytes. */
async function hashTrustedFile(folder: string, path: string, source: string): Promise<TrustedFileEntry> {
  return hashFile(await locateProjectFile(folder, source), path, source);
}

/** @param source the name of the file in the project. @throws BUILD_FILE_UNREADABLE */
export async function hashFile(file: string, path: string, source: string): Promise<TrustedFileEntry> {
  const hash = createHash('sha256');
  let sizeBytes = 0n;
  try {
    // Without an encoding, a read stream gives buffers.
    const chunks = createReadStream(file) as AsyncIterable<Uint8Array>;
    for await (const chunk of chunks) {
      hash.update(chunk);
      sizeBytes += BigInt(chunk.length);
    }
  } catch (cause) {
    throw unreadable(source, cause);
  }
  return { path, sha256: new Uint8Array(hash.digest()), sizeBytes };
}

async function hashTrustedFiles({ folder, trustedFiles }: Project): Promise<readonly TrustedFileEntry[]> {
  const hashed = [];
  for (const { path, source } of trustedFiles) hashed.push(await hashTrustedFile(folder, path, source));
  return hashed;
}

/** What every manifest has of a project. */
export async function sharedManifest(
  project: Project,
  interfaceDigest: Uint8Array,
): Promise<Omit<ProgramManifest, 'program'>> {
  return {
    name: project.name,
    productId: project.productId,
    securityVersion: project.securityVersion,
    debug: project.debug,
    threads: project.threads,
    heapSizeBytes: BigInt(project.heapSizeBytes),
    interfaceDigest,
    environment: project.environment,
    trustedFiles: await hashTrustedFiles(project),
    mounts: project.mounts,
    listen: project.listen,
    connect: project.connect,
    limits: project.limits,
  };
}

/** The trusted files, as a report names them. */
export function reportedFiles({ trustedFiles }: EnclaveManifest): readonly TrustedFile[] {
  return trustedFiles.map((file) => ({
    name: file.path,
    sha256: toHex(file.sha256),
    sizeBytes: Number(file.sizeBytes),
  }));
}

/** The sources of an image that every kind of project has. */
export async function filesOf({ folder, files, trustedFiles, companions }: Project): Promise<readonly string[]> {
  const sources = [...files, ...trustedFiles].map(({ source }) => locateProjectFile(folder, source));
  const ofCompanions = companions.flatMap((companion) => companion.files);
  sources.push(...ofCompanions.map(({ source }) => locateInstalledFile(folder, source)));
  return [join(folder, PROJECT_FILE), ...(await Promise.all(sources))];
}
