import type { CommandContext } from '@enclos/cli-frame';
import { platformOption, stateFolderOf, stateOption } from '@enclos/cli-frame/options';
import type { Isolation } from '@enclos/tee';
import type { RunOptions } from './run-options.ts';

/** The host program of a project that names none. */
export const defaultHost = 'src/host.ts';

const hostOption = {
  type: 'string',
  value: 'FILE',
  default: defaultHost,
  extensions: ['ts', 'mts', 'js', 'mjs'],
  summary: 'The host program',
} as const;

export const keyOption = { type: 'string', value: 'FILE', summary: 'Sign with this key', extensions: ['pem'] } as const;

export const relayedOption = {
  type: 'boolean',
  summary: 'Every connection of the enclave is relayed, whatever enclave.json says; this image has its own MRENCLAVE',
} as const;

/** The options of every command that runs a project, beside `isolationOption`. */
export const projectOptions = {
  host: hostOption,
  key: keyOption,
  state: stateOption,
  platform: platformOption,
} as const;

interface ProjectInput {
  readonly arguments: { readonly folder: string };
  readonly options: {
    readonly isolation: Isolation;
    readonly host: string;
    readonly key: string | undefined;
    readonly state: string | undefined;
    readonly platform: string | undefined;
  };
  readonly rest: readonly string[];
}

/** What these options say of a run. */
export function projectRun({ arguments: { folder }, options, rest }: ProjectInput, context: CommandContext) {
  const { path } = context;
  return {
    folder: path(folder),
    isolation: options.isolation,
    host: options.host,
    args: rest,
    stateFolder: stateFolderOf(options.state, context),
    keyFile: path(options.key),
    platformSocket: path(options.platform),
  } satisfies Omit<RunOptions, 'debug'>;
}
