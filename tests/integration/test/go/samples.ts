import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { toHex } from '@enclos/codec';
import { buildGoProgram, findGo } from '@enclos/go-toolchain';
import { runProgram, type RunningProgram, type RunProgramOptions } from '@enclos/host';
import { signingKey, type Workshop } from '@enclos/process-kit';
import { repository, startProgram, type Ran } from '@enclos/process-kit/processes/programs';
import { singleUserAdvisory, type EmbeddedPlatform } from '@enclos/software-sgx';
import { goProgram, until } from '@enclos/testkit';

/** How a sample is started. */
export interface SampleOptions extends Pick<RunProgramOptions, 'mounts' | 'connect'> {
  readonly signer?: 'first' | 'second';
  /** What it prints when it is ready. Default: it is not waited for. */
  readonly ready?: string;
}

/** A sample that runs as an enclave. */
export interface RunningSample extends RunningProgram {
  /** What it has printed. */
  readonly lines: readonly string[];
  readonly mrEnclave: string;
  /** Where a listener of enclave.json listens. */
  address(listener: string): string;
}

/** The samples in Go, in a copy, on a platform of this machine. */
export interface Samples {
  readonly folder: string;
  /** Builds a program of a package, to run outside an enclave. @returns its path */
  client(name: string): Promise<string>;
  /** Builds and signs the project in a folder, once for each signer, and runs it. */
  start(project: string, options?: SampleOptions): Promise<RunningSample>;
  /** Writes what a client needs, and runs it. */
  ask(client: string, mrEnclave: string, argv: readonly string[]): Promise<Ran>;
  /** Files of a client that trusts one enclave, by the names of their flags. */
  trust(mrEnclave: string): Promise<TrustFiles>;
}

/** Paths, by the flags of the clients. */
export type TrustFiles = Readonly<Record<'root' | 'policy' | 'collateral', string>>;

const sources = join(repository, 'samples/go');

export function createSamples(workshop: Workshop, platform: EmbeddedPlatform): Samples {
  const folder = workshop.subfolder('samples');
  copySamples(folder);
  const images = new Map<string, Promise<Uint8Array>>();
  const imageOf = (project: string): Promise<Uint8Array> => {
    const known = images.get(project) ?? buildImage(join(folder, project));
    images.set(project, known);
    return known;
  };
  const trust = async (mrEnclave: string): Promise<TrustFiles> => {
    const { rootCertificate: root, rootFingerprint } = await platform.describe();
    const collateral = await platform.endorsements();
    return writeTrust(folder, { root, collateral, mrEnclave, softwareRoot: toHex(rootFingerprint) });
  };
  return Object.freeze({
    folder,
    trust,
    client: (name: string) => buildSampleClient(folder, name),
    async start(project: string, options: SampleOptions = {}) {
      const { signer = 'first', ready, ...places } = options;
      const image = await imageOf(project);
      const signature = signEnclave({ image, key: signingKey(signer), date: new Date('2026-06-01') });
      const lines: string[] = [];
      const { listen } = await loadProject(join(folder, project));
      const program = await runProgram({
        image,
        signature,
        launcher: platform,
        listen: Object.fromEntries(listen.map(({ name }) => [name, { host: '127.0.0.1', port: 0 }])),
        ...places,
        onLog: (_level, text) => lines.push(text),
      });
      const isReady = (): boolean => ready === undefined || lines.includes(ready);
      const ended = program.exited.then(({ detail }) => {
        if (!isReady()) throw new Error(`${project}: ${detail}\n${lines.join('\n')}`);
      });
      await Promise.race([until(`${project} says ${ready}`, isReady, 120_000), ended]);
      return {
        ...program,
        lines,
        mrEnclave: toHex(program.identity.mrEnclave),
        address: (name: string) => `127.0.0.1:${program.listeners[name]?.port}`,
      };
    },
    async ask(program: string, mrEnclave: string, argv: readonly string[]) {
      const files = Object.entries(await trust(mrEnclave)).flatMap(([name, path]) => [`-${name}`, path]);
      return startProgram([program, ...argv, ...files], { cwd: folder }).ended;
    },
  });
}

/** Without what builds have left in the repository. */
export function copySamples(folder: string): void {
  mkdirSync(folder, { recursive: true });
  cpSync(sources, folder, { recursive: true, filter: (path) => !path.endsWith('/.enclos') });
}

async function buildImage(folder: string): Promise<Uint8Array> {
  const project = await loadProject(folder);
  await build(folder, '.', join(folder, project.program?.file ?? ''));
  return (await buildEnclave(project, { outFolder: join(folder, '.enclos') })).image;
}

/** Builds the program of a sample that runs outside an enclave. @returns its path */
export async function buildSampleClient(samples: string, name: string): Promise<string> {
  const folder = join(samples, name);
  const out = join(folder, '.enclos/client');
  await build(folder, './client', out);
  return out;
}

async function build(folder: string, from: string, out: string): Promise<void> {
  await buildGoProgram({
    go: await findGo(goProgram, process.env),
    folder,
    parameters: [from],
    out,
    architecture: process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64',
    work: join(folder, '.enclos/go'),
    environment: process.env,
  });
}

/** Writes the files of a client that trusts one enclave, on the platforms of one root. */
export function writeTrust(
  folder: string,
  { mrEnclave, softwareRoot, ...texts }: Readonly<Record<'root' | 'collateral' | 'mrEnclave' | 'softwareRoot', string>>,
): TrustFiles {
  const policy = JSON.stringify({
    mrEnclave: [mrEnclave],
    minimumSecurityVersion: 1,
    acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: [singleUserAdvisory],
    intelRoot: false,
    softwareRoots: [softwareRoot],
  });
  const place = (name: string): string => join(folder, `${name}-${mrEnclave.slice(0, 8)}-${softwareRoot.slice(0, 8)}`);
  const files = { root: place('root'), policy: place('policy'), collateral: place('collateral') };
  for (const [name, text] of Object.entries({ ...texts, policy })) writeFileSync(place(name), text);
  return files;
}

/**
 * What a README of a sample says is printed: its blocks of text, as patterns in which `…` stands for anything.
 * @param sample the folder, below samples/go
 */
export function printedInReadme(sample: string): readonly RegExp[] {
  const text = readFileSync(join(sources, sample, 'README.md'), 'utf8');
  return [...text.matchAll(/```text\n([^]*?)```/g)].map(([, block = '']) => {
    const escaped = block.trimEnd().replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
    return new RegExp(`^${escaped.replaceAll('…', '.*')}$`, 'm');
  });
}
