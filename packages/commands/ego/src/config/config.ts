import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { BuildError, countOf, isEgoConfig, parseJsonSource, schemaDiagnostics } from '@enclos/build/diagnostics';
import { readSmallText, unreadable } from '@enclos/cli-frame/files';
import { hasCode } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import type { z } from 'zod';
import { egoJsonSchema } from './ego-json.ts';

/** A configuration of EGo, with every default filled in. Paths of this machine are absolute, but those of mounts. */
export interface EgoConfig {
  /** The file itself. */
  readonly path: string;
  readonly exe: string;
  readonly key: string;
  readonly debug: boolean;
  readonly heapSizeBytes: number;
  readonly productId: number;
  readonly securityVersion: number;
  /** A source that is relative belongs to the folder in which the enclave is started, as EGo has it. */
  readonly mounts: readonly EgoMount[];
  readonly environment: readonly EgoVariable[];
  readonly files: readonly { readonly source: string; readonly target: string }[];
  readonly network: 'none' | 'declared' | 'any';
  readonly listen: NonNullable<EgoJson['listen']>;
  readonly connect: NonNullable<EgoJson['connect']>;
  readonly arguments: readonly string[];
}

export interface EgoMount {
  readonly target: string;
  readonly readOnly: boolean;
  /** The folder of the host; undefined for memory. */
  readonly source: string | undefined;
}

export interface EgoVariable {
  readonly name: string;
  /** What it is: for one from the host, what it is when the host has none. */
  readonly value: string | undefined;
  readonly fromHost: boolean;
}

type EgoJson = z.infer<typeof egoJsonSchema>;

/** Where EGo looks when it is given no file. */
export const EGO_CONFIG_FILE = 'enclave.json';
const maxConfigBytes = 1024 * 1024;
const mebibyte = 1024 * 1024;

/**
 * Reads a configuration of EGo.
 * @throws CLI_FILE_UNREADABLE, BuildError EGO_CONFIG_INVALID with a diagnostic for every problem
 */
export async function readConfig(path: string): Promise<EgoConfig> {
  return parseConfig(path, await readSmallText(path, maxConfigBytes));
}

/** @throws BuildError EGO_CONFIG_INVALID with a diagnostic for every problem */
export function parseConfig(path: string, text: string): EgoConfig {
  const code = 'EGO_CONFIG_INVALID';
  const file = basename(path);
  const source = parseJsonSource(file, text, code);
  const result = egoJsonSchema.safeParse(source.value);
  if (result.success) return complete(path, result.data);
  const diagnostics = schemaDiagnostics(result.error.issues, { file, text, source, schema: egoJsonSchema, code });
  throw new BuildError(code, `${file} has ${countOf(diagnostics.length, 'problem')}.`, diagnostics);
}

function complete(path: string, json: EgoJson): EgoConfig {
  const folder = dirname(path);
  return Object.freeze({
    path,
    exe: resolve(folder, json.exe),
    key: resolve(folder, json.key),
    debug: json.debug ?? false,
    heapSizeBytes: json.heapSize * mebibyte,
    productId: json.productID ?? 0,
    securityVersion: json.securityVersion ?? 0,
    mounts: (json.mounts ?? []).map(({ target, type, readOnly = false, source }) => ({
      target,
      readOnly,
      source: type === 'hostfs' ? source : undefined,
    })),
    environment: (json.env ?? []).map(({ name, value, fromHost = false }) => ({ name, value, fromHost })),
    files: (json.files ?? []).map((file) => ({ source: resolve(folder, file.source), target: file.target })),
    network: json.network ?? 'declared',
    listen: json.listen ?? [],
    connect: json.connect ?? [],
    arguments: json.arguments ?? [],
  });
}

/**
 * The executable that the enclave.json of a folder names, if that is one of EGo; undefined for none, and for one of Enclos.
 * @throws what {@link parseConfig} throws
 */
export async function egoExecutable(folder: string): Promise<string | undefined> {
  const path = join(folder, EGO_CONFIG_FILE);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw unreadable(path, error);
  });
  return text !== undefined && namesExe(text) ? parseConfig(path, text).exe : undefined;
}

function namesExe(text: string): boolean {
  try {
    return isEgoConfig(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** What `ego sign EXECUTABLE` writes when there is no configuration: a debug enclave. */
export function newConfig(exe: string): string {
  const config = { exe, key: 'private.pem', debug: true, heapSize: 512, productID: 1, securityVersion: 1 };
  return `${JSON.stringify(config, undefined, 1)}\n`;
}

/** @throws EGO_CONFIG_INVALID when the configuration is for another executable */
export function requireExe(config: EgoConfig, exe: string): EgoConfig {
  if (config.exe === exe) return config;
  throw new EnclosError('EGO_CONFIG_INVALID', `${config.path} is for ${config.exe}, not for ${exe}.`);
}
