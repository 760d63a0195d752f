import { defineCommand } from '@enclos/cli-frame';
import { importCollateral } from './collateral.ts';
import { cacheFolderOf, cacheOption } from '../../options/collateral.ts';

export const command = defineCommand({
  description: [
    'Puts the items of a file that `enclos collateral export` wrote into the cache.',
    'Every entry must be whole, or nothing is kept.',
    'An item that this machine fetched later stays.',
    'Afterwards use `enclos collateral fetch --offline`, and name the same source.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The bundle', required: true, extensions: ['json'] } },
  options: { cache: cacheOption },
  examples: [{ command: 'enclos collateral import bundle.json', summary: 'Keep what is in a bundle' }],
  exitCodes: { 3: 'The file is damaged, or is not a bundle.' },
  async run({ arguments: { file }, options: { cache } }, context) {
    return importCollateral(cacheFolderOf(cache, context), context.path(file), context.io.now());
  },
  human: ({ items, kept }, printer) => printer.line(`Kept ${kept} of ${items.length} items.`),
  json: (imported) => imported,
});
