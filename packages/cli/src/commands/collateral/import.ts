import { importCollateral } from './collateral.ts';
import { cacheFolderOf, cacheOption } from '../../options/collateral.ts';
import { defineCommand } from '../define.ts';

export const command = defineCommand({
  description: [
    'Keeps what a file of `enclos collateral export` holds.',
    'Every entry must be whole, or nothing of it is kept.',
    'An item that was fetched here later stays.',
    'Use it with `enclos collateral fetch --offline`, and name the same source.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The bundle', required: true, extensions: ['json'] } },
  options: { cache: cacheOption },
  examples: [{ command: 'enclos collateral import bundle.json', summary: 'Keep what is in a bundle' }],
  exitCodes: { 3: 'The bundle is damaged, or not one.' },
  async run({ arguments: { file }, options: { cache } }, context) {
    return importCollateral(cacheFolderOf(cache, context), context.path(file), context.io.now());
  },
  human: ({ items, kept }, printer) => printer.line(`Kept ${kept} of ${items.length} items.`),
  json: (imported) => imported,
});
