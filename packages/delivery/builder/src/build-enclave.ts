import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';

import { toHex } from '@enclos/codec';
import {
  interfaceDigest,
  layOutImage,
  pinnedInterpreter,
  type EnclaveManifest,
  type ImagePayload,
} from '@enclos/manifest';
import { measureImage, sha256 } from '@enclos/sgx/node';

import { encodeBuildReport, type BuildReport, type TrustedInterpreter } from './build-report.ts';
import { bundleEnclave, type Bundle, type BundleOptions } from './node/bundle.ts';
import { bundler } from './node/bundler.ts';
import type { Diagnostic } from '@enclos/diagnostics';
import { describeInterpreter } from './node/interpreter-files.ts';
import { checkFrameLimits } from './node/frame-limits.ts';
import { loadInterface } from './node/load-interface.ts';
import { locateProjectFile, readProjectFile, unreadable } from './project/project-files.ts';
import { PROJECT_FILE, type Project } from './project/project.ts';
import { holdsModule, trustedBase, type PackageModule } from './node/trusted-base.ts';
import { writeFileAtomically } from './write-file.ts';

export interface BuildOptions extends BundleOptions {
  /** Where the image goes. Default: `.enclos` in the project folder. */
  readonly outFolder?: string;
}

export interface BuildResult {
  /** The measured stream; its SHA-256 is MRENCLAVE. */
  readonly image: Uint8Array;
  /** 32 bytes. */
  readonly mrEnclave: Uint8Array;
  readonly manifest: EnclaveManifest;
  readonly bundle: Uint8Array;
  readonly sourceMap: Uint8Array;
  readonly report: BuildReport;
  /** The absolute paths of the sources of the image, to watch them: modules, enclave.json, embedded and trusted files. */
  readonly inputs: readonly string[];
  readonly warnings: readonly Diagnostic[];
  /** Whether the code that derives sealing keys is in the bundle. Without it the enclave leaves no sealed state. */
  readonly canSeal: boolean;
  /** The files that were written. */
  readonly paths: { readonly image: string; readonly sourceMap: string; readonly report: string };
}

/** Every way to a sealing key leads through it. */
const sealingModule: PackageModule = { packageName: '@enclos/enclave', file: 'sealing.js' };

async function readEmbedded(project: Project): Promise<ImagePayload['files']> {
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
  const file = await locateProjectFile(folder, source);
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

async function manifestOf(project: Project): Promise<EnclaveManifest> {
  const loaded = await loadInterface(project);
  checkFrameLimits(project, loaded);
  return {
    name: project.name,
    productId: project.productId,
    securityVersion: project.securityVersion,
    debug: project.debug,
    threads: project.threads,
    heapSizeBytes: BigInt(project.heapSizeBytes),
    interfaceDigest: interfaceDigest(loaded),
    interpreter: pinnedInterpreter,
    environment: project.environment,
    trustedFiles: await hashTrustedFiles(project),
    mounts: project.mounts,
    listen: project.listen,
    connect: project.connect,
    limits: project.limits,
  };
}

interface BuildParts {
  readonly bundle: Bundle;
  readonly manifest: EnclaveManifest;
  readonly mrEnclave: Uint8Array;
  readonly interpreter: TrustedInterpreter;
}

async function reportOf(project: Project, built: BuildParts): Promise<BuildReport> {
  const { bundle, manifest, mrEnclave, interpreter } = built;
  return {
    version: 1,
    name: project.name,
    mrEnclave: toHex(mrEnclave),
    bundleSha256: toHex(sha256(bundle.script)),
    bundleBytes: bundle.script.length,
    builtins: bundle.builtins,
    packages: await trustedBase(project.folder, bundle.modules, project.name),
    bundler,
    interpreter,
    trustedFiles: manifest.trustedFiles.map((file) => ({
      name: file.path,
      sha256: toHex(file.sha256),
      sizeBytes: Number(file.sizeBytes),
    })),
    ...(bundle.browserPackages.length === 0 ? {} : { browserPackages: bundle.browserPackages }),
    ...(project.absent.length === 0 ? {} : { absent: project.absent }),
  };
}

async function filesOf({ folder, files, trustedFiles }: Project): Promise<readonly string[]> {
  const sources = [...files, ...trustedFiles].map(({ source }) => locateProjectFile(folder, source));
  return [join(folder, PROJECT_FILE), ...(await Promise.all(sources))];
}

/**
 * Builds a project: bundles, describes, lays out in pages, measures, and writes
 * `NAME.sgxs` with, beside it and not measured, `NAME.map` and `NAME.report.json`.
 *
 * @throws BuildError with diagnostics, BUILD_FILE_UNREADABLE, MANIFEST_INVALID or IMAGE_INVALID.
 */
export async function buildEnclave(project: Project, options: BuildOptions = {}): Promise<BuildResult> {
  const outFolder = options.outFolder ?? join(project.folder, '.enclos');
  // Hashing the interpreter takes as long as everything else: side by side with the bundler, which is another process.
  const describing = describeInterpreter(project.folder);
  const bundle = await bundleEnclave(project, options);
  const manifest = await manifestOf(project);
  const image = layOutImage({ manifest, bundle: bundle.script, files: await readEmbedded(project) });
  const mrEnclave = measureImage(image);
  const { interpreter, warnings } = await describing;
  const report = await reportOf(project, { bundle, manifest, mrEnclave, interpreter });
  const paths = {
    image: join(outFolder, `${project.name}.sgxs`),
    sourceMap: join(outFolder, `${project.name}.map`),
    report: join(outFolder, `${project.name}.report.json`),
  };
  await writeFileAtomically(paths.sourceMap, bundle.sourceMap);
  await writeFileAtomically(paths.report, encodeBuildReport(report));
  // Last, so that an image is never beside the report of another build for long.
  await writeFileAtomically(paths.image, image);
  return Object.freeze({
    image,
    mrEnclave,
    manifest,
    bundle: bundle.script,
    sourceMap: bundle.sourceMap,
    report,
    inputs: Object.freeze([...bundle.inputs, ...(await filesOf(project))]),
    warnings: Object.freeze([...bundle.warnings, ...warnings]),
    canSeal: await holdsModule(project.folder, bundle.modules, sealingModule),
    paths,
  });
}
