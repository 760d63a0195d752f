import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGoProgram, findGo, type GoBuild, type GoToolchain } from '@enclos/go-toolchain';
import { goProgram } from '@enclos/testkit';

/** The sources of the probe. */
export const probeSources = fileURLToPath(new URL('../../../test/go/probe', import.meta.url));

export interface BuiltProbe extends GoBuild {
  /** Path of the program. */
  readonly program: string;
}

/**
 * Builds the probe in a folder of its own.
 * @param other what differs from the first build: a home, a user, flags that a careless shell has set, another root of Go
 */
export function buildProbe(
  folder: string,
  other: { readonly environment?: NodeJS.ProcessEnv; readonly go?: GoToolchain } = {},
): Promise<BuiltProbe> {
  return buildModule(probeSources, { folder, ...other });
}

/** Builds a package of a module, copied into a folder: its own program, unless another is named. */
export async function buildModule(
  sources: string,
  options: {
    readonly folder: string;
    readonly package?: string;
    readonly environment?: NodeJS.ProcessEnv;
    readonly go?: GoToolchain;
  },
): Promise<BuiltProbe> {
  const { folder } = options;
  mkdirSync(folder, { recursive: true });
  cpSync(sources, folder, { recursive: true });
  const program = join(folder, '.enclos/probe');
  const build = await buildGoProgram({
    go: options.go ?? (await findGo(goProgram, process.env)),
    folder,
    parameters: [options.package ?? '.'],
    out: program,
    architecture: process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64',
    work: join(folder, '.enclos/go'),
    environment: { ...process.env, ...options.environment },
  });
  return { ...build, program };
}
