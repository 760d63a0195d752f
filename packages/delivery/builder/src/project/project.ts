import { readFile, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { decodeUtf8, withoutByteOrderMark } from '@enclos/codec/text';
import { unreadableReason } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';
import type { CompanionManifest, EnclaveManifest, ProgramSettings, StreamTransport } from '@enclos/manifest';

import { BuildError, countOf } from '../diagnostic.ts';
import { isEgoConfig } from './ego-config.ts';
import { enclaveJsonSchema, sizeInBytes, type EnclaveJson } from './enclave-json.ts';
import { parseJsonSource } from './json-source.ts';
import type { ProjectFiles } from './project-files.ts';
import { schemaDiagnostics } from './schema-problems.ts';

/** The KSS part of what a signature says; it is in SIGSTRUCT and not in the image. */
export interface SigningAttributes {
  readonly kss: boolean;
  /** ISVFAMILYID, 16 bytes in hex. */
  readonly familyId?: string;
  /** ISVEXTPRODID, 16 bytes in hex. */
  readonly extendedProductId?: string;
}

/** The program that a project is, instead of a module. */
export interface ProjectProgram extends Omit<ProgramSettings, 'architecture'> {
  /** Relative to the folder of the project. */
  readonly file: string;
  /** Whether it serves the functions of an interface. */
  readonly hasInterface: boolean;
}

/** A process beside the enclave. Paths of sources are relative to the folder of the project. */
export interface ProjectCompanion extends Omit<CompanionManifest, 'files'> {
  readonly source: string;
  readonly files: readonly { readonly path: string; readonly source: string }[];
}

/** `enclave.json` with every default filled in. Paths of sources are relative to `folder`. */
export interface Project {
  /** Absolute. */
  readonly folder: string;
  readonly name: string;
  /** Present when the enclave is a program; then `main` counts for nothing. */
  readonly program?: ProjectProgram;
  readonly main: string;
  readonly interface: string;
  readonly productId: number;
  readonly securityVersion: number;
  readonly debug: boolean;
  readonly attributes: SigningAttributes;
  readonly threads: number;
  readonly heapSizeBytes: number;
  readonly files: readonly { readonly source: string; readonly target: string }[];
  readonly trustedFiles: readonly { readonly path: string; readonly source: string }[];
  readonly mounts: EnclaveManifest['mounts'];
  readonly environment: EnclaveManifest['environment'];
  readonly listen: EnclaveManifest['listen'];
  readonly connect: EnclaveManifest['connect'];
  readonly limits: EnclaveManifest['limits'];
  readonly companions: readonly ProjectCompanion[];
  /** Modules that are empty inside. */
  readonly absent: readonly string[];
}

export const PROJECT_FILE = 'enclave.json';

const mebibyte = 1024 * 1024;
const defaults = {
  threads: 4,
  processes: 1,
  heapSizeBytes: 128 * mebibyte,
  hostMountBytes: 1024 * mebibyte,
  memoryMountBytes: 16 * mebibyte,
};

/** The limits of an enclave whose enclave.json names none. */
export const defaultLimits: EnclaveManifest['limits'] = {
  maxFrameBytes: 4 * mebibyte,
  maxQueuedCalls: 1024,
  maxPendingCalls: 1024,
  maxDepth: 8,
};

function mountsOf(json: EnclaveJson): Project['mounts'] {
  return (json.mounts ?? []).map((mount) => {
    const fallback = mount.type === 'hostfs' ? defaults.hostMountBytes : defaults.memoryMountBytes;
    return {
      target: mount.target,
      kind: mount.type === 'hostfs' ? ('host' as const) : ('memory' as const),
      readOnly: mount.readOnly ?? false,
      maxBytes: BigInt(mount.maxSize === undefined ? fallback : sizeInBytes(mount.maxSize)),
    };
  });
}

function environmentOf(json: EnclaveJson): Project['environment'] {
  return (json.env ?? []).map(({ name, value }) => (value === undefined ? { name } : { name, value }));
}

function attributesOf({ kss, familyId, extendedProductId }: NonNullable<EnclaveJson['attributes']>): SigningAttributes {
  return {
    kss: kss ?? false,
    ...(familyId === undefined ? {} : { familyId: familyId.toLowerCase() }),
    ...(extendedProductId === undefined ? {} : { extendedProductId: extendedProductId.toLowerCase() }),
  };
}

function limitsOf(json: EnclaveJson): Project['limits'] {
  const { limits = {} } = json;
  return {
    maxFrameBytes: limits.maxFrameBytes ?? defaultLimits.maxFrameBytes,
    maxQueuedCalls: limits.maxQueuedCalls ?? defaultLimits.maxQueuedCalls,
    maxPendingCalls: limits.maxPendingCalls ?? defaultLimits.maxPendingCalls,
    maxDepth: limits.maxDepth ?? defaultLimits.maxDepth,
  };
}

function programOf({ program, interface: named }: EnclaveJson): Pick<Project, 'program'> {
  if (program === undefined) return {};
  const { file, network = 'declared', arguments: given = [], output = 'log' } = program;
  return { program: Object.freeze({ file, network, arguments: given, output, hasInterface: named !== undefined }) };
}

function companionOf(json: NonNullable<EnclaveJson['companions']>[number]): ProjectCompanion {
  return Object.freeze({
    name: json.name,
    source: json.source,
    processes: json.processes ?? defaults.processes,
    memoryBytes: BigInt(json.memory === undefined ? defaults.heapSizeBytes : sizeInBytes(json.memory)),
    threads: json.threads ?? defaults.threads,
    addons: json.addons ?? false,
    files: json.files ?? [],
  });
}

function complete(folder: string, json: EnclaveJson): Project {
  return Object.freeze({
    folder,
    name: json.name,
    ...programOf(json),
    main: json.main ?? `src/${json.name}.enclave.ts`,
    interface: json.interface ?? `src/${json.name}.edl.ts`,
    productId: json.productId,
    securityVersion: json.securityVersion,
    debug: json.debug ?? false,
    attributes: attributesOf(json.attributes ?? {}),
    threads: json.threads ?? defaults.threads,
    heapSizeBytes: json.heapSize === undefined ? defaults.heapSizeBytes : sizeInBytes(json.heapSize),
    files: json.files ?? [],
    trustedFiles: json.trustedFiles ?? [],
    mounts: mountsOf(json),
    environment: environmentOf(json),
    listen: (json.listen ?? []).map(withTransport),
    connect: (json.connect ?? []).map(withTransport),
    limits: limitsOf(json),
    companions: (json.companions ?? []).map(companionOf),
    absent: json.absent ?? [],
  });
}

/**
 * Parses the text of an `enclave.json`.
 * @throws BuildError BUILD_MANIFEST_INVALID with a diagnostic for every problem.
 */
export function parseProject(folder: string, text: string): Project {
  const source = parseJsonSource(PROJECT_FILE, text);
  if (isEgoConfig(source.value)) {
    const message = `${PROJECT_FILE} is a configuration of EGo: \`enclos ego sign\` signs its executable, and \`enclos ego run\` runs it.`;
    throw new BuildError('BUILD_MANIFEST_INVALID', message, []);
  }
  const result = enclaveJsonSchema.safeParse(source.value);
  if (result.success) return complete(folder, result.data);
  const code = 'BUILD_MANIFEST_INVALID';
  const file = { file: PROJECT_FILE, text, source, schema: enclaveJsonSchema, code } as const;
  const diagnostics = schemaDiagnostics(result.error.issues, file);
  const count = countOf(diagnostics.length, 'problem');
  throw new BuildError(code, `${PROJECT_FILE} has ${count}.`, diagnostics);
}

function isAbsent(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR');
}

/** @param folder as it was given: links in it are not followed */
async function notAProject(folder: string, cause: unknown): Promise<EnclosError> {
  const path = join(folder, PROJECT_FILE);
  if (!isAbsent(cause)) {
    const message = `Cannot read ${path}: ${unreadableReason(cause)}.`;
    return new EnclosError('BUILD_FILE_UNREADABLE', message, { details: { path }, cause });
  }
  const found = await stat(folder).catch(() => undefined);
  const what =
    found?.isFile() === true
      ? `${folder} is a file`
      : `There is no ${found === undefined ? `folder ${folder}` : `${PROJECT_FILE} in ${folder}`}`;
  const message = `${what}, so it is not a project: name the folder of one, or make one with \`enclos new\`.`;
  return new EnclosError('BUILD_FILE_UNREADABLE', message, { details: { path }, cause });
}

/**
 * Reads and checks the `enclave.json` of a project folder.
 * @throws BUILD_FILE_UNREADABLE when there is none; BuildError BUILD_MANIFEST_INVALID
 * with a diagnostic for every problem.
 */
export async function loadProject(folder: string, options: { readonly fs?: ProjectFiles } = {}): Promise<Project> {
  const given = resolve(folder);
  // The bundler sees through symbolic links, so that the folder must be the real one for its files to be inside it.
  const absolute = options.fs === undefined ? await realpath(given).catch(() => given) : given;
  const fs = options.fs ?? { readFile };
  const bytes = await fs.readFile(join(absolute, PROJECT_FILE)).catch(async (cause: unknown) => {
    throw await notAProject(given, cause);
  });
  let text: string;
  try {
    text = withoutByteOrderMark(decodeUtf8(bytes));
  } catch (cause) {
    throw new BuildError('BUILD_MANIFEST_INVALID', `${PROJECT_FILE} is not UTF-8 text.`, [], { cause });
  }
  return parseProject(absolute, text);
}

/**
 * The same project with every connection relayed, for platforms that cannot pass sockets. It differs in nothing else, but its image
 * has its own MRENCLAVE.
 */
export function relayedVariant(project: Project): Project {
  const relayed = <E extends object>(entry: E) => ({ ...entry, transport: 'relayed' as const });
  return Object.freeze({
    ...project,
    listen: project.listen.map(relayed),
    connect: project.connect.map(relayed),
  });
}

function withTransport<E extends { readonly transport?: StreamTransport | undefined }>(
  entry: E,
): E & { readonly transport: StreamTransport } {
  return { ...entry, transport: entry.transport ?? 'relayed' };
}
