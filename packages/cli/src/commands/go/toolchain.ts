import { join } from 'node:path';
import type { CommandContext } from '@enclos/cli-frame';
import { findGo, type GoRunOptions } from '@enclos/go-toolchain';

/** The options of every command that runs Go. */
export const goOptions = {
  go: { type: 'string', value: 'FILE', summary: 'The program go, instead of the one in PATH' },
} as const;

/** What Go gets after `--`. */
export const goRest = {
  value: 'PARAMETERS',
  summary: 'Flags and packages for Go, each flag with its value: -ldflags=-s ./cmd/x',
};

export const goArguments = { folder: { value: 'FOLDER', summary: 'Where Go runs', default: '.' } } as const;

/** Takes `-o FILE` out of what follows `--`: Go's own spelling of `--out`. */
export function splitOutput(rest: readonly string[]): {
  readonly output: string | undefined;
  readonly others: readonly string[];
} {
  const at = rest.findIndex((parameter) => /^--?o(?:=|$)/.test(parameter));
  if (at < 0) return { output: undefined, others: rest };
  const [, joined] = /^--?o=(.*)$/.exec(rest[at] ?? '') ?? [];
  const words = joined === undefined ? 2 : 1;
  return { output: joined ?? rest[at + 1], others: [...rest.slice(0, at), ...rest.slice(at + words)] };
}

/**
 * How Go runs in a folder.
 * @param fallback the packages when the parameters name none
 */
export async function goRun(
  input: { readonly folder: string; readonly go: string | undefined; readonly rest: readonly string[] },
  { io, path }: CommandContext,
  fallback: string,
): Promise<GoRunOptions> {
  const folder = path(input.folder);
  const namesPackage = input.rest.some((parameter) => !parameter.startsWith('-'));
  return {
    go: await findGo(path(input.go), io.env),
    folder,
    parameters: namesPackage ? input.rest : [...input.rest, fallback],
    architecture: process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64',
    work: join(folder, '.enclos/go'),
    environment: io.env,
  };
}
