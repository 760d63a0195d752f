import { refuseUsage, type CommandContext } from '@enclos/cli-frame';
import { readSmallText } from '@enclos/cli-frame/files';
import { amdKds, azureAmd, azureThim, intelPcs, pccs, type FetchOptions, type Source } from '@enclos/endorsements';
import { collateralCacheFolder } from '@enclos/endorsements/node';
import type { CollateralFetch } from '../evidence/collateral-of.ts';

/** Where collateral is kept. */
export const cacheOption = {
  type: 'string',
  value: 'DIR',
  summary: 'The cache folder, instead of that of this user',
} as const;

export function cacheFolderOf(given: string | undefined, { io, path }: CommandContext): string {
  return path(given) ?? collateralCacheFolder(io.env);
}

export const refreshOption = { type: 'boolean', summary: 'Ask the source, even when the cache has it' } as const;

export const offlineOption = { type: 'boolean', summary: 'Do not use the network' } as const;

export const productOption = {
  type: 'string',
  value: 'PRODUCT',
  choices: ['Milan', 'Genoa', 'Turin'],
  summary: 'The product of an SEV-SNP report that does not name it',
} as const;

/** Which service is asked. */
export const sourceOptions = {
  source: {
    type: 'string',
    value: 'SOURCE',
    choices: ['pcs', 'pccs', 'azure', 'kds', 'azure-amd'],
    summary:
      'The service: pcs is that of Intel, and the default; kds is that of AMD, and the default for SEV-SNP reports',
  },
  url: { type: 'string', value: 'URL', summary: 'The address of the service; pccs needs one' },
  place: {
    type: 'string',
    value: 'PLACE',
    summary: 'With azure: global, host (this virtual machine), or a region such as useast2, which TDX needs',
  },
  'api-key-file': { type: 'string', value: 'FILE', summary: 'With pcs: the file of the subscription key' },
} as const;

/** Which baseline of a TCB recovery is asked for. */
export const baselineOptions = {
  update: {
    type: 'string',
    value: 'UPDATE',
    choices: ['early', 'standard'],
    summary: 'The baseline: early has a TCB recovery months before standard; standard is the default',
  },
  'evaluation-number': {
    type: 'string',
    value: 'N',
    summary: 'Instead of --update: the baseline of this number alone',
  },
} as const;

interface BaselineInput {
  readonly update: (typeof baselineOptions.update.choices)[number] | undefined;
  readonly 'evaluation-number': string | undefined;
}

/** @throws CLI_USAGE */
function baselineOf({
  update,
  'evaluation-number': number,
}: BaselineInput): Pick<FetchOptions, 'update' | 'evaluationNumber'> {
  if (number === undefined) return update === undefined ? {} : { update };
  if (update !== undefined) refuseUsage('Give either --update or --evaluation-number.');
  if (!/^[1-9]\d{0,9}$/.test(number)) refuseUsage('--evaluation-number is a number from 1.');
  return { evaluationNumber: Number(number) };
}

interface SourceInput {
  readonly source: (typeof sourceOptions.source.choices)[number] | undefined;
  readonly url: string | undefined;
  readonly place: string | undefined;
  readonly 'api-key-file': string | undefined;
}

const longestKeyFile = 1024;

/**
 * The service that the options name.
 * @throws CLI_USAGE, CLI_FILE_UNREADABLE, ENDORSEMENTS_REQUEST_INVALID
 */
export async function sourceOf(
  { source: name, url, place, 'api-key-file': keyFile }: SourceInput,
  fallback: 'pcs' | 'kds',
  { path }: Pick<CommandContext, 'path'>,
): Promise<Source> {
  const chosen = name ?? fallback;
  if (place !== undefined && chosen !== 'azure') refuseUsage('--place goes with --source azure.');
  if (keyFile !== undefined && chosen !== 'pcs') refuseUsage('--api-key-file goes with --source pcs.');
  const at = url === undefined ? {} : { url };
  switch (chosen) {
    case 'pcs':
      return intelPcs({ ...at, ...(keyFile === undefined ? {} : { apiKey: await readKey(path(keyFile)) }) });
    case 'pccs':
      return url === undefined ? refuseUsage('--source pccs needs --url.') : pccs({ url });
    case 'azure':
      return azureThim({ place: place ?? 'global', ...at });
    case 'kds':
      return amdKds(at);
    case 'azure-amd':
      return azureAmd(at);
  }
}

interface FetchInput extends SourceInput, BaselineInput {
  readonly cache: string | undefined;
  readonly refresh: boolean;
  readonly offline: boolean;
}

/**
 * How collateral is fetched, as the options say. The service is looked at when it is asked.
 * @throws CLI_USAGE; the function throws what `sourceOf` throws
 */
export function fetchOf(given: FetchInput, context: CommandContext): CollateralFetch {
  const { refresh, offline } = given;
  if (refresh && offline) refuseUsage('Give either --refresh or --offline.');
  const baseline = baselineOf(given);
  const cacheFolder = cacheFolderOf(given.cache, context);
  return async ({ tee }) => ({
    source: await sourceOf(given, tee === 'snp' ? 'kds' : 'pcs', context),
    baseline,
    cacheFolder,
    refresh,
    offline,
    now: context.io.now,
  });
}

/** A command has some of them. */
const fetchOnly = [
  'product',
  'fetch',
  ...Object.keys(sourceOptions),
  ...Object.keys(baselineOptions),
  'cache',
  'refresh',
  'offline',
];

/**
 * For a command whose collateral is in a file.
 * @throws CLI_USAGE naming the first option that is for fetching
 */
export function refuseFetchOptions(given: object): void {
  const other = fetchOnly.find((name) => {
    const value: unknown = Reflect.get(given, name);
    return value !== undefined && value !== false;
  });
  if (other !== undefined) refuseUsage(`--${other} is for fetching: do not combine it with --collateral.`);
}

async function readKey(file: string): Promise<string> {
  return (await readSmallText(file, longestKeyFile)).trim();
}
