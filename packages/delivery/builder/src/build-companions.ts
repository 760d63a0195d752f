import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@enclos/codec';
import { durable } from '@enclos/durable';
import { companionScriptPath, type CompanionManifest, type EmbeddedFile } from '@enclos/manifest';
import { sha256 } from '@enclos/sgx/node';
import { hashFile } from './build-parts.ts';
import type { CompanionReport } from './build-report.ts';
import { bundleCompanion, type Bundle, type BundleOptions } from './node/bundle.ts';
import { trustedBase } from './node/trusted-base.ts';
import { locateInstalledFile } from './project/project-files.ts';
import type { Project, ProjectCompanion } from './project/project.ts';

/** A companion as it is measured, and what its host needs besides the image. */
export interface BuiltCompanion {
  readonly manifest: CompanionManifest;
  readonly bundle: Bundle;
  /** The files beside the image, by their SHA-256 in hex: their absolute paths. */
  readonly files: ReadonlyMap<string, string>;
}

/** @throws as `bundleEnclave`, and BUILD_FILE_UNREADABLE */
export function buildCompanions(project: Project, options: BundleOptions): Promise<readonly BuiltCompanion[]> {
  return Promise.all(project.companions.map((companion) => buildCompanion(project, companion, options)));
}

async function buildCompanion(
  project: Project,
  companion: ProjectCompanion,
  options: BundleOptions,
): Promise<BuiltCompanion> {
  const { source: _, files: sources, ...settings } = companion;
  const bundle = await bundleCompanion(project, companion, options);
  const files = [];
  const places = new Map<string, string>();
  for (const { path, source } of sources) {
    const place = await locateInstalledFile(project.folder, source);
    const file = await hashFile(place, path, source);
    files.push(file);
    places.set(toHex(file.sha256), place);
  }
  return Object.freeze({ manifest: { ...settings, files }, bundle, files: places });
}

/** The scripts, as embedded files of the image. */
export function companionScripts(built: readonly BuiltCompanion[]): readonly EmbeddedFile[] {
  return built.map(({ manifest, bundle }) => ({ path: companionScriptPath(manifest.name), content: bundle.script }));
}

export async function companionReports(
  project: Project,
  built: readonly BuiltCompanion[],
): Promise<readonly CompanionReport[]> {
  return Promise.all(
    built.map(async ({ manifest, bundle }) => ({
      name: manifest.name,
      bundleSha256: toHex(sha256(bundle.script)),
      bundleBytes: bundle.script.length,
      builtins: bundle.builtins,
      packages: await trustedBase(project.folder, bundle.modules, project.name),
      files: manifest.files.map((file) => ({
        name: file.path,
        sha256: toHex(file.sha256),
        sizeBytes: Number(file.sizeBytes),
      })),
    })),
  );
}

/** Where the files of companions are, beside the image `NAME.sgxs`: each by its SHA-256 in hex. */
export function companionFolder(outFolder: string, name: string): string {
  return join(outFolder, `${name}.files`);
}

/** Copies the files of companions beside the image, and removes those of earlier builds. @throws the errors of the file system */
export async function writeCompanionFiles(folder: string, built: readonly BuiltCompanion[]): Promise<void> {
  const wanted = new Map(built.flatMap(({ files }) => [...files]));
  const found: readonly string[] = await readdir(folder).catch(() => []);
  for (const name of found.filter((there) => !wanted.has(there))) await rm(join(folder, name), { force: true });
  if (wanted.size === 0) return rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // The platform hashes what it is given, so a copy need not be on the disk when the build ends.
  for (const [digest, from] of wanted) {
    if (!found.includes(digest)) await durable.copy(from, join(folder, digest), { isCache: true });
  }
}
