import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import type { EndorsementFacts } from '@enclos/endorsements';
import type { CommandInput } from '@enclos/command-line';
import { factsOfFile, fetchCollateral, isInForce } from './collateral.ts';
import {
  baselineOptions,
  cacheOption,
  fetchOf,
  offlineOption,
  productOption,
  refreshOption,
  sourceOptions,
} from '../../options/collateral.ts';
import { renderFetched } from './render.ts';

const options = {
  fmspc: { type: 'string', value: 'HEX', summary: 'Instead of FILE: the platform family, 6 bytes' },
  ca: {
    type: 'string',
    value: 'CA',
    choices: ['processor', 'platform'],
    summary: 'With --fmspc: the CA of its PCK certificates',
  },
  tee: { type: 'string', value: 'TEE', choices: ['sgx', 'tdx'], summary: 'With --fmspc: the kind of enclave' },
  product: productOption,
  ...sourceOptions,
  ...baselineOptions,
  out: { type: 'string', value: 'FILE', summary: 'Write the collateral, for `enclos verify --collateral`' },
  cache: cacheOption,
  refresh: refreshOption,
  offline: offlineOption,
} as const;

type Options = CommandInput<typeof options>['options'];

export const command = defineCommand({
  description: [
    'Gets what verifies a quote or a report, for the platform that it names, and keeps it in the cache.',
    'Fresh items in the cache are not fetched again; old items are used while the source fails, with a notice.',
    '',
    'Each item is checked for its form, and for being the one that was asked for.',
    '`enclos verify` checks whether it is genuine, so you do not have to trust a mirror.',
    '',
    'For the collateral service of a software platform, use `--source pccs --url http://127.0.0.1:8081`.',
  ],
  arguments: {
    evidence: {
      value: 'FILE',
      summary: 'A quote, an SEV-SNP report or the evidence of an Azure VM, in any wrapping',
    },
  },
  options,
  examples: [
    { command: 'enclos collateral fetch quote.bin --out collateral.json', summary: 'From Intel, for a quote' },
    {
      command: 'enclos collateral fetch --fmspc 90c06f000000 --ca platform --tee tdx --update early',
      summary: 'For a family of platforms, with the early baseline',
    },
    {
      command: 'enclos collateral fetch quote.bin --source azure --place useast2 --json',
      summary: 'From Azure, with the result as JSON',
    },
  ],
  exitCodes: {
    1: 'The source cannot be reached, does not have it, or has withdrawn it.',
    3: 'What the source sent is not what was asked for.',
    5: 'Some of it has expired or is not yet valid: do not rely on a verdict that uses it.',
  },
  async run({ arguments: { evidence }, options: given }, context) {
    const { path, progress } = context;
    const fetch = fetchOf(given, context);
    const facts = await factsOf(path(evidence), given);
    const from = await fetch(facts);
    return progress.during('fetching collateral', () => fetchCollateral({ ...from, facts, outFile: path(given.out) }));
  },
  human(fetched, printer) {
    renderFetched(fetched, printer);
    if (fetched.outFile !== undefined) printer.line(`Wrote ${fetched.outFile}.`);
  },
  json: (fetched) => fetched,
  exitCode: ({ items }) => (items.every(isInForce) ? 0 : 5),
});

async function factsOf(file: string | undefined, { fmspc, ca, tee, product }: Options): Promise<EndorsementFacts> {
  const named = fmspc !== undefined || ca !== undefined || tee !== undefined;
  if (file !== undefined) {
    if (named) refuseUsage('FILE already names the platform: leave out --fmspc, --ca and --tee.');
    return factsOfFile(file, product);
  }
  if (product !== undefined) refuseUsage('--product goes with the FILE of a report.');
  if (fmspc === undefined || ca === undefined || tee === undefined) {
    return refuseUsage('Name the platform: FILE, or --fmspc, --ca and --tee.');
  }
  if (!/^[0-9a-f]{12}$/i.test(fmspc)) refuseUsage('--fmspc is 6 bytes in hex (12 digits).');
  return { tee, fmspc: fmspc.toLowerCase(), ca };
}
