import { copyFile, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { refuseUsage } from '@enclos/cli-frame';
import { fileKindOf } from '@enclos/diagnostics';
import { placesOf, type Place } from '../program-host/places.ts';

/** What the command line says of a program without a project. */
export interface LoneProgramOptions {
  readonly listen: readonly string[];
  readonly connect: readonly string[];
  /** What follows its name in argv. */
  readonly args: readonly string[];
}

/** A project that is there for one run. */
export interface LoneProject {
  readonly folder: string;
  /** The words of its host. */
  readonly hostArguments: readonly string[];
  remove(): Promise<void>;
}

/** Whether a path is a program and not the folder of a project. */
export async function isProgramFile(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    if (!(await file.stat()).isFile()) return false;
    const { buffer, bytesRead } = await file.read(new Uint8Array(64), 0, 64, 0);
    return fileKindOf(buffer.subarray(0, bytesRead)).known === 'elf';
  } finally {
    await file.close();
  }
}

/**
 * Makes a project of a static program: a debug enclave with a private network, in a folder that is removed. Another run has another key,
 * and so opens nothing that this one seals.
 * @throws CLI_USAGE
 */
export async function loneProject(path: string, { listen, connect, args }: LoneProgramOptions): Promise<LoneProject> {
  const file = 'program';
  const manifest = {
    name: nameOf(basename(path)),
    productId: 0,
    securityVersion: 0,
    debug: true,
    program: { file, network: 'private', arguments: args },
    listen: Object.entries(placesOf('listen', listen, refuseUsage)).map(([name, place]) => ({
      name,
      port: portOf(place),
    })),
    connect: Object.entries(placesOf('connect', connect, refuseUsage)).map(([name, place]) => ({
      name,
      host: hostOf(place),
      port: portOf(place),
    })),
  };
  const folder = await mkdtemp(join(tmpdir(), 'enclos-program-'));
  await copyFile(path, join(folder, file));
  await writeFile(join(folder, 'enclave.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return {
    folder,
    hostArguments: listen.flatMap((word) => ['--listen', word]),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The name of an enclave has letters, digits and dashes. */
function nameOf(file: string): string {
  const name = file
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '');
  return name === '' ? 'program' : name.slice(0, 32);
}

function portOf({ port }: Place): number {
  if (port !== undefined && port > 0) return port;
  return refuseUsage('A program without a project has ports: --listen web=8080, --connect db=db.example:5432.');
}

function hostOf({ host }: Place): string {
  return host ?? refuseUsage('--connect takes a host and a port after the name.');
}
