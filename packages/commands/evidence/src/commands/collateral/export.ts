import { defineCommand } from '@enclos/cli-frame';
import { exportCollateral } from './collateral.ts';
import { cacheFolderOf, cacheOption } from '../../options/collateral.ts';

export const command = defineCommand({
  description: [
    'Writes the whole cache into one JSON file, with digests and the times of fetching, for machines without a network.',
    'Nothing in it is secret, but certificates of AMD, and some of Intel, name the machine.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The file to write', required: true, extensions: ['json'] } },
  options: { cache: cacheOption },
  examples: [{ command: 'enclos collateral export bundle.json', summary: 'Write the bundle' }],
  exitCodes: {},
  async run({ arguments: { file }, options: { cache } }, context) {
    return exportCollateral(cacheFolderOf(cache, context), context.path(file), context.io.now());
  },
  human: ({ outFile, items }, printer) => printer.line(`Wrote ${items.length} items to ${outFile}.`),
  json: (exported) => exported,
});
