import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildEnclave, loadProject, signEnclave, type BuildResult, type Project } from '@enclos/build';
import type { StreamTransport } from '@enclos/manifest';
import { findQuickJs } from '@enclos/script/artefact';
import type { EmbeddedPlatform, EmbeddedPlatformOptions } from '@enclos/software-sgx';
import { startMachine } from './machines.ts';
import { seededBytes } from '@enclos/testing/hostile';
import { sharedImage } from './shared-image.ts';
import { signingKey } from './signing-keys.ts';

const packageFolder = fileURLToPath(new URL('../../', import.meta.url));
const modulesFolder = fileURLToPath(new URL('../../../../node_modules', import.meta.url));

export type EnclaveName =
  | 'probe'
  | 'raw'
  | 'hostile'
  | 'sleeper'
  | 'streams'
  | 'target'
  | 'attested'
  | 'http'
  | 'claimant'
  | 'companion'
  | 'script';

export interface SignedImage {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
}

/** What to build: the project as it stands, with these fields in place of its own. */
export interface Variant extends Partial<
  Pick<Project, 'productId' | 'securityVersion' | 'debug' | 'threads' | 'heapSizeBytes' | 'environment' | 'limits'>
> {
  readonly signer?: 'first' | 'second';
  /** How the connections of every listener and destination reach the enclave, or of each by its name. Default: as the project says. */
  readonly transport?: StreamTransport | Readonly<Record<string, StreamTransport>>;
  readonly bootModule?: string;
}

/** Where the tests of one file build and run; nothing of it is left in the end. */
export interface Workshop {
  readonly folder: string;
  /** A new folder below {@link Workshop.folder}. */
  subfolder(name: string): string;
  /** Builds here, unless this workshop has built the same before. */
  build(name: EnclaveName, variant?: Variant): Promise<BuildResult>;
  /** The image, which one run of the tests builds once, with a new signature. */
  signed(name: EnclaveName, variant?: Variant): Promise<SignedImage>;
  /** Starts a platform on the machine of this name: the same name is the same machine. */
  startPlatform(machine: string, options?: Pick<EmbeddedPlatformOptions, 'auditFile'>): Promise<EmbeddedPlatform>;
  stateFolder(machine: string): string;
  /** Ends the platforms that still run, and removes the folder. */
  close(): Promise<void>;
}

/** Trusted files of the probe. The large one takes several messages of the gate. */
export const trustedFileContents = Object.freeze({
  'small.bin': seededBytes(1, 100),
  'large.bin': seededBytes(2, 600_000),
});

/** Copies an enclave project into a new folder, so that a build leaves nothing in the repository. */
export function copyProject(name: EnclaveName, folder: string): void {
  cpSync(join(packageFolder, 'enclaves', name), folder, { recursive: true });
  if (name === 'probe') {
    for (const [file, content] of Object.entries(trustedFileContents)) {
      writeFileSync(join(folder, 'data', file), content);
    }
  }
  // New each time: platforms of one user keep the files of companions for later launches.
  if (name === 'companion') writeFileSync(join(folder, 'data', 'words.txt'), randomUUID());
  if (name === 'script') cpSync(findQuickJs().path, join(folder, 'data/enclos-quickjs.wasm'));
  symlinkSync(modulesFolder, join(folder, 'node_modules'));
}

export function createWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-integration-'));
  const builds = new Map<string, Promise<BuildResult>>();
  const platforms = new Set<EmbeddedPlatform>();
  const stateFolder = (machine: string): string => join(folder, `machine-${machine}`);

  const build = (name: EnclaveName, variant: Variant = {}): Promise<BuildResult> => {
    const key = JSON.stringify([name, { ...variant, signer: undefined }], (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    const known = builds.get(key);
    if (known !== undefined) return known;
    const made = buildVariant({ name, variant, folder: join(folder, `build-${builds.size}`) });
    builds.set(key, made);
    return made;
  };

  return Object.freeze({
    folder,
    subfolder(name: string) {
      const path = join(folder, name);
      mkdirSync(path);
      return path;
    },
    build,
    async signed(name: EnclaveName, variant: Variant = {}) {
      const { signer = 'first', ...content } = variant;
      const image = await sharedImage([name, content], async () => (await build(name, content)).image);
      const key = signingKey(signer);
      return { image, signature: signEnclave({ image, key, date: new Date('2026-06-01') }) };
    },
    stateFolder,
    async startPlatform(machine: string, options: Pick<EmbeddedPlatformOptions, 'auditFile'> = {}) {
      // A test of how long it may take starts its own.
      const where = { stateFolder: stateFolder(machine), startTimeoutMs: 240_000 };
      const platform = await startMachine({ ...options, ...where });
      platforms.add(platform);
      return platform;
    },
    async close() {
      for (const platform of platforms) await platform.close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

async function buildVariant(what: {
  readonly name: EnclaveName;
  readonly variant: Variant;
  readonly folder: string;
}): Promise<BuildResult> {
  const { bootModule, signer: _, transport, ...fields } = what.variant;
  copyProject(what.name, what.folder);
  const project = withTransport({ ...(await loadProject(what.folder)), ...fields }, transport);
  const boot = bootModule ?? (what.name === 'raw' ? './raw-boot.ts' : undefined);
  return buildEnclave(project, boot === undefined ? {} : { bootModule: boot });
}

function withTransport(project: Project, transport: Variant['transport']): Project {
  const changed = <E extends { readonly name: string; readonly transport: StreamTransport }>(entry: E): E => {
    const wanted = typeof transport === 'object' ? transport[entry.name] : transport;
    return { ...entry, transport: wanted ?? entry.transport };
  };
  return { ...project, listen: project.listen.map(changed), connect: project.connect.map(changed) };
}
