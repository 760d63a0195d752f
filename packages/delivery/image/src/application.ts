import { readFile } from 'node:fs/promises';
import { readSignedEnclave, type SignedEnclave } from '@enclos/build';
import { EnclosError } from '@enclos/errors';
import { architectures, interpreterPath, type Architecture } from './base/base.ts';
import { withFolders } from './tar/with-folders.ts';
import { encodeJson } from './json.ts';
import { programFiles } from './program-files.ts';
import type { Component } from './statements/component.ts';
import { bytesContent, type Content, type LayerEntry } from './tar/entry.ts';

/** A file of the application beside its programs. */
export interface ApplicationFile {
  /** Relative to `/app`, as `data/model.bin`. */
  readonly path: string;
  readonly content: Content;
}

/** A program that needs no enclave, such as a client of one. */
export interface ApplicationProgram {
  readonly name: string;
  readonly script: Uint8Array;
}

/** What an image has beside an enclave. */
export interface HostPrograms {
  /** The host program, one ES module. */
  readonly host: Uint8Array;
  /** Programs beside it, each one ES module: `/app/NAME.mjs`. Nothing starts them but a command in place of the entry point. */
  readonly programs?: readonly ApplicationProgram[];
  readonly files?: readonly ApplicationFile[];
  /** The components in the bundles of host and enclave. */
  readonly components?: readonly Component[];
}

/** What goes on a base. */
export interface Application extends HostPrograms {
  /** The enclave: its SGXS stream, and its SIGSTRUCT. */
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  /** The files of its companions, by their SHA-256 in hex: the host looks for them in NAME.files beside the enclave. */
  readonly companionFiles?: readonly ApplicationFile[] | undefined;
}

/** Where an enclave is in an image. */
export function enclavePaths(name: string): {
  readonly image: string;
  readonly signature: string;
  /** The folder of the files of companions. */
  readonly companionFiles: string;
} {
  const stem = `/app/enclave/${name}`;
  return { image: `${stem}.sgxs`, signature: `${stem}.sig`, companionFiles: `${stem}.files` };
}

/** The first words of every image. */
export const entrypoint: readonly string[] = Object.freeze([interpreterPath, '/app/start.mjs']);

/**
 * Holds image and signature of an enclave together.
 * @throws OCI_IMAGE_REFUSED, LAUNCH_MEASUREMENT_MISMATCH, and what the readers throw.
 */
export function requireSigned(image: Uint8Array, signature: Uint8Array): SignedEnclave {
  const signed = readSignedEnclave(image, signature);
  if (signed.difference === undefined) return signed;
  throw new EnclosError('OCI_IMAGE_REFUSED', `The signature does not fit the enclave. ${signed.difference}`);
}

const taken = /^(?:enclave(?:\/|$)|node_modules(?:\/|$)|(?:start|platform|host)\.mjs$)/;

/**
 * The layer of the application. The user that runs it cannot change its files.
 * @param enclave its files, and what else it needs below `/app`
 * @throws OCI_BASE_UNUSABLE for a file in a place that is taken
 */
export async function applicationEntries(
  { host, programs = [], files = [] }: HostPrograms,
  enclave: readonly ApplicationFile[],
  architecture: Architecture,
): Promise<readonly LayerEntry[]> {
  const program = async (path: string, source: string): Promise<LayerEntry> =>
    file(path, bytesContent(new Uint8Array(await readFile(source))));
  const programPaths = programs.map((one) => `${one.name}.mjs`);
  const clash = [...programPaths, ...files.map(({ path }) => path)].find(
    (path, index, all) => taken.test(path) || all.indexOf(path) < index || enclave.some((one) => one.path === path),
  );
  if (clash !== undefined) {
    throw new EnclosError('OCI_BASE_UNUSABLE', `/app/${clash} is a place that something else in the image has.`);
  }
  return withFolders([
    file('host.mjs', bytesContent(host)),
    ...programs.map((one) => file(`${one.name}.mjs`, bytesContent(one.script))),
    await program('start.mjs', programFiles.start),
    await program('platform.mjs', programFiles.platform),
    ...enclave.map(({ path, content }) => file(path, content)),
    ...interpreterPackage(architecture),
    ...files.map(({ path, content }) => file(path, content)),
  ]);
}

const file = (path: string, content: Content): LayerEntry => ({
  kind: 'file',
  path: `app/${path}`,
  mode: 0o644,
  content,
});

/** Where the platform looks for the interpreter, which it copies and hashes: the one Node of the image. */
export function interpreterPackage(architecture: Architecture): readonly LayerEntry[] {
  const name = `node-${architectures[architecture].npm}`;
  const folder = `app/node_modules/${name}`;
  return [
    { kind: 'file', path: `${folder}/package.json`, mode: 0o644, content: bytesContent(encodeJson({ name })) },
    { kind: 'link', path: `${folder}/bin/node`, target: interpreterPath },
  ];
}
