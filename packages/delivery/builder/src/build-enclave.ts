import { join } from 'node:path';

import { toHex } from '@enclos/codec';
import type { Interface } from '@enclos/edl';
import {
  interfaceDigest,
  layOutImage,
  pinnedInterpreter,
  programInterface,
  type EnclaveManifest,
  type InterpreterManifest,
} from '@enclos/manifest';
import { measureImage, sha256 } from '@enclos/sgx/node';

import {
  buildCompanions,
  companionFolder,
  companionReports,
  companionScripts,
  writeCompanionFiles,
  type BuiltCompanion,
} from './build-companions.ts';
import { filesOf, readEmbedded, reportedFiles, sharedManifest } from './build-parts.ts';
import {
  encodeBuildReport,
  type BuildReport,
  type ProgramReport,
  type ScriptReport,
  type TrustedInterpreter,
  type TrustedToolchain,
} from './build-report.ts';
import { bundleEnclave, type Bundle, type BundleOptions } from './node/bundle.ts';
import { bundler } from './node/bundler.ts';
import type { Diagnostic } from '@enclos/diagnostics';
import { describeInterpreter } from './node/interpreter-files.ts';
import { checkFrameLimits } from './node/frame-limits.ts';
import { loadInterface } from './node/load-interface.ts';
import { goProgramOf, goToolchain, withMemoryLimit } from './project/go-program.ts';
import { readProgram } from './project/program-file.ts';
import type { Project, ProjectProgram } from './project/project.ts';
import { holdsModule, trustedBase, type PackageModule } from './node/trusted-base.ts';
import { writeFileAtomically } from './write-file.ts';

export interface BuildOptions extends BundleOptions {
  /** Where the image goes. Default: `.enclos` in the project folder. */
  readonly outFolder?: string;
  /** For a program: what made it, for the report. */
  readonly toolchain?: TrustedToolchain;
}

export interface BuildResult {
  /** The measured stream; its SHA-256 is MRENCLAVE. */
  readonly image: Uint8Array;
  /** 32 bytes. */
  readonly mrEnclave: Uint8Array;
  readonly manifest: EnclaveManifest;
  /** The script, or the program. */
  readonly bundle: Uint8Array;
  /** A program has none. */
  readonly sourceMap: Uint8Array | undefined;
  readonly report: BuildReport;
  /** The absolute paths of the sources of the image, to watch them: modules, enclave.json, embedded and trusted files. */
  readonly inputs: readonly string[];
  readonly warnings: readonly Diagnostic[];
  /** Whether it may leave sealed state: for a script, whether the code that derives sealing keys is in the bundle. */
  readonly canSeal: boolean;
  /** The files that were written. */
  readonly paths: {
    readonly image: string;
    readonly sourceMap: string | undefined;
    readonly report: string;
    /** The folder of the files of companions, which is there if they have any. */
    readonly companionFiles: string;
  };
}

/** Every way to a sealing key leads through it. */
const sealingModule: PackageModule = { packageName: '@enclos/enclave', file: 'sealing.js' };

async function checkedInterface(project: Project): Promise<Interface> {
  const loaded = await loadInterface(project);
  checkFrameLimits(project, loaded);
  return loaded;
}

async function manifestOf(project: Project, built: readonly BuiltCompanion[]): Promise<InterpreterManifest> {
  const loaded = await checkedInterface(project);
  const shared = await sharedManifest(project, interfaceDigest(loaded));
  const companions = built.length === 0 ? {} : { companions: built.map(({ manifest }) => manifest) };
  return { ...shared, interpreter: pinnedInterpreter, ...companions };
}

interface BuildParts {
  readonly bundle: Bundle;
  readonly manifest: InterpreterManifest;
  readonly mrEnclave: Uint8Array;
  readonly interpreter: TrustedInterpreter;
  readonly companions: readonly BuiltCompanion[];
}

async function reportOf(project: Project, built: BuildParts): Promise<ScriptReport> {
  const { bundle, manifest, mrEnclave, interpreter, companions } = built;
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
    trustedFiles: reportedFiles(manifest),
    ...(bundle.browserPackages.length === 0 ? {} : { browserPackages: bundle.browserPackages }),
    ...(project.absent.length === 0 ? {} : { absent: project.absent }),
    ...(companions.length === 0 ? {} : { companions: await companionReports(project, companions) }),
  };
}

/**
 * Builds a project: bundles, describes, lays out in pages, measures, and writes
 * `NAME.sgxs` with, beside it and not measured, `NAME.map` and `NAME.report.json`. A project that is a program
 * is checked in place of being bundled, and has no map.
 *
 * @throws BuildError with diagnostics, BUILD_FILE_UNREADABLE, PROGRAM_REFUSED, MANIFEST_INVALID or IMAGE_INVALID.
 */
export async function buildEnclave(project: Project, options: BuildOptions = {}): Promise<BuildResult> {
  const { program } = project;
  return program === undefined ? buildScript(project, options) : buildProgram(project, program, options);
}

async function buildScript(project: Project, options: BuildOptions): Promise<BuildResult> {
  // Hashing the interpreter takes as long as everything else: side by side with the bundler, which is another process.
  const describing = describeInterpreter(project.folder);
  const bundle = await bundleEnclave(project, options);
  const companions = await buildCompanions(project, options);
  const manifest = await manifestOf(project, companions);
  const files = [...(await readEmbedded(project)), ...companionScripts(companions)];
  const image = layOutImage({ manifest, bundle: bundle.script, files });
  const mrEnclave = measureImage(image);
  const { interpreter, warnings } = await describing;
  const report = await reportOf(project, { bundle, manifest, mrEnclave, interpreter, companions });
  const bundles = [bundle, ...companions.map((companion) => companion.bundle)];
  return Object.freeze({
    image,
    mrEnclave,
    manifest,
    bundle: bundle.script,
    sourceMap: bundle.sourceMap,
    report,
    inputs: Object.freeze([...new Set(bundles.flatMap(({ inputs }) => inputs)), ...(await filesOf(project))]),
    warnings: Object.freeze([...bundles.flatMap((made) => made.warnings), ...warnings]),
    canSeal: await holdsModule(project.folder, bundle.modules, sealingModule),
    paths: await write(project, { image, report, sourceMap: bundle.sourceMap, companions }, options),
  });
}

async function buildProgram(project: Project, settings: ProjectProgram, options: BuildOptions): Promise<BuildResult> {
  const program = await readProgram(project, settings);
  const go = goProgramOf(program.bytes);
  const environment =
    go === undefined ? project.environment : withMemoryLimit(project.environment, project.heapSizeBytes);
  const toolchain = options.toolchain ?? (go && goToolchain(go));
  const digest = interfaceDigest(settings.hasInterface ? await checkedInterface(project) : programInterface);
  const manifest = { ...(await sharedManifest({ ...project, environment }, digest)), program: program.settings };
  const image = layOutImage({ manifest, bundle: program.bytes, files: await readEmbedded(project) });
  const mrEnclave = measureImage(image);
  const report: ProgramReport = {
    version: 1,
    name: project.name,
    mrEnclave: toHex(mrEnclave),
    bundleSha256: toHex(sha256(program.bytes)),
    bundleBytes: program.bytes.length,
    packages: [],
    program: { architecture: program.settings.architecture },
    ...(toolchain === undefined ? {} : { toolchain }),
    trustedFiles: reportedFiles(manifest),
  };
  return Object.freeze({
    image,
    mrEnclave,
    manifest,
    bundle: program.bytes,
    sourceMap: undefined,
    report,
    inputs: Object.freeze([program.path, ...(await filesOf(project))]),
    warnings: Object.freeze([]),
    // Any program can ask its platform for a key.
    canSeal: true,
    paths: await write(project, { image, report, sourceMap: undefined, companions: [] }, options),
  });
}

interface WrittenParts extends Pick<BuildResult, 'image' | 'report' | 'sourceMap'> {
  readonly companions: readonly BuiltCompanion[];
}

async function write(
  project: Project,
  { image, report, sourceMap, companions }: WrittenParts,
  options: BuildOptions,
): Promise<BuildResult['paths']> {
  const outFolder = options.outFolder ?? join(project.folder, '.enclos');
  const paths = {
    image: join(outFolder, `${project.name}.sgxs`),
    sourceMap: sourceMap === undefined ? undefined : join(outFolder, `${project.name}.map`),
    report: join(outFolder, `${project.name}.report.json`),
    companionFiles: companionFolder(outFolder, project.name),
  };
  if (paths.sourceMap !== undefined && sourceMap !== undefined) await writeFileAtomically(paths.sourceMap, sourceMap);
  await writeFileAtomically(paths.report, encodeBuildReport(report));
  await writeCompanionFiles(paths.companionFiles, companions);
  // Last, so that an image is never beside the report of another build for long.
  await writeFileAtomically(paths.image, image);
  return paths;
}
