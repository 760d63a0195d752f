import { performance } from 'node:perf_hooks';
import { toHex } from '@enclos/codec';
import { buildEnclave, loadProject, relayedVariant, type Diagnostic, type Project } from '@enclos/build';
import { variantFolder } from '../images/enclave-image.ts';

export interface BuildOptions {
  /** The folder of enclave.json. */
  readonly folder: string;
  /** Build the variant in which every connection is relayed. */
  readonly relayed?: boolean | undefined;
  /** Where the image goes. Default: `.enclos` in the project, or `.enclos/relayed`. */
  readonly outFolder?: string | undefined;
}

export interface BuildOutcome {
  readonly name: string;
  /** 32 bytes of hex. */
  readonly mrEnclave: string;
  readonly image: string;
  readonly imageBytes: number;
  readonly bundleBytes: number;
  readonly report: string;
  readonly debug: boolean;
  /** Whether it can leave sealed state. */
  readonly canSeal: boolean;
  readonly warnings: readonly Diagnostic[];
  /** The files that it was made of. */
  readonly inputs: readonly string[];
  readonly durationMs: number;
}

/**
 * Builds the enclave of a project. The same sources give the same MRENCLAVE
 * anywhere.
 * @throws what `buildEnclave` and `loadProject` of @enclos/build throw.
 */
export async function build(options: BuildOptions): Promise<BuildOutcome> {
  const loaded = await loadProject(options.folder);
  const { relayed } = options;
  const project = relayed === true ? relayedVariant(loaded) : loaded;
  return buildProject(project, options.outFolder ?? variantFolder(project.folder, { relayed }));
}

export async function buildProject(project: Project, outFolder?: string): Promise<BuildOutcome> {
  const start = performance.now();
  const built = await buildEnclave(project, outFolder === undefined ? {} : { outFolder });
  return Object.freeze({
    name: project.name,
    mrEnclave: toHex(built.mrEnclave),
    image: built.paths.image,
    imageBytes: built.image.length,
    bundleBytes: built.bundle.length,
    report: built.paths.report,
    debug: project.debug,
    canSeal: built.canSeal,
    warnings: built.warnings,
    inputs: built.inputs,
    durationMs: Math.round(performance.now() - start),
  });
}
