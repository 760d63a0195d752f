import { refuseUsage, type CommandContext } from '@enclos/cli-frame';
import type { CommandInput } from '@enclos/command-line';
import type { CollateralChoice } from '../evidence/peer-collateral.ts';
import {
  baselineOptions,
  cacheOption,
  fetchOf,
  offlineOption,
  refuseFetchOptions,
  sourceOptions,
} from '../options/collateral.ts';
import type { InferenceServer } from './open-client.ts';

/** What is accepted of a server, and where the collateral comes from that says so. */
export const acceptanceOptions = {
  policy: {
    type: 'string',
    value: 'FILE',
    required: true,
    summary: 'What is accepted of the server, JSON: see `enclos policy`',
    extensions: ['json'],
  },
  collateral: {
    type: 'string',
    value: 'FILE',
    summary: 'What the vendor says about the platform, instead of what the server sends along',
    extensions: ['json'],
  },
  fetch: { type: 'boolean', summary: 'Fetch it, as `enclos verify` does, instead of what the server sends along' },
  ...sourceOptions,
  ...baselineOptions,
  cache: cacheOption,
  offline: offlineOption,
} as const;

type AcceptanceInput = CommandInput<typeof acceptanceOptions>['options'];

/** @throws CLI_USAGE */
export function collateralChoice(given: AcceptanceInput, context: CommandContext): CollateralChoice {
  const { collateral: file, fetch: fetches } = given;
  if (file !== undefined) {
    refuseFetchOptions(given);
    return { from: 'file', file: context.path(file) };
  }
  return { from: fetches ? 'source' : 'server', fetch: fetchOf({ ...given, refresh: false }, context) };
}

/** How requests of an inference service are sealed, and which models may answer. */
export const sealingOptions = {
  transport: {
    type: 'string',
    value: 'HOW',
    choices: ['one-shot', 'session', 'attested-tls'],
    summary:
      'one-shot seals each request anew, and is the default; session agrees on keys once; attested-tls needs a service whose TLS ends inside, and is the fastest',
  },
  model: {
    type: 'string',
    value: 'NAME=DIGEST',
    multiple: true,
    summary: 'Only this model may answer: see `enclos model hash`. Give it once for each',
  },
  'minimum-catalogue': {
    type: 'string',
    value: 'VERSION',
    summary:
      'Refuse a service whose catalogue of models is older, or that has none: its host may bring back an old one',
  },
} as const;

type ServerInput = AcceptanceInput & {
  readonly transport: InferenceServer['transport'] | undefined;
  readonly model: readonly string[];
  readonly 'minimum-catalogue': string | undefined;
};

/** @throws CLI_USAGE */
export function inferenceServer(url: string, given: ServerInput, context: CommandContext): InferenceServer {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    return refuseUsage(
      `The address of an inference service is a URL such as https://models.example:8443, not ${JSON.stringify(url)}.`,
    );
  }
  return {
    url,
    policyFile: context.path(given.policy),
    collateral: collateralChoice(given, context),
    transport: given.transport ?? 'one-shot',
    minimumCatalogueVersion: catalogueVersion(given['minimum-catalogue']),
    models: given.model.length === 0 ? undefined : Object.fromEntries(given.model.map(modelOf)),
  };
}

function catalogueVersion(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^[1-9]\d{0,14}$/.test(text)
    ? Number(text)
    : refuseUsage(`--minimum-catalogue is a whole number from 1, not ${JSON.stringify(text)}.`);
}

function modelOf(text: string): readonly [string, string] {
  const [, name = '', digest = ''] = /^([^=]{1,128})=([0-9a-f]{64})$/i.exec(text) ?? [];
  if (name === '') refuseUsage(`--model is NAME=DIGEST with 64 hex digits, not ${JSON.stringify(text)}.`);
  return [name, digest.toLowerCase()];
}
