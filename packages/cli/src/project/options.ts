import type { CommandContext } from '@enclos/cli-frame';
import { stateFolderOf, stateOption } from '@enclos/cli-frame/options';
import type { Isolation } from '@enclos/tee';
import type { RunOptions } from './run-options.ts';

export const isolationOption = {
  type: 'string',
  value: 'MODE',
  choices: ['strict', 'best'],
  default: 'strict',
  summary: 'strict starts only with every layer of isolation; best uses the layers that the machine has',
} as const;

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

export const platformOption = {
  type: 'string',
  value: 'SOCKET',
  summary: 'Use a platform that `enclos platform serve` runs',
} as const;

/** The options of every command that runs a project, beside {@link isolationOption}. */
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
