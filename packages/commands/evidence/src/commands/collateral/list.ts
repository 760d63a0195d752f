import { defineCommand } from '@enclos/cli-frame';
import { listCollateral } from './collateral.ts';
import { cacheFolderOf, cacheOption } from '../../options/collateral.ts';
import { renderExamined } from './render.ts';

export const command = defineCommand({
  description: ['Shows each item in the cache: what it is, where it came from, its age, its end and its baseline.'],
  arguments: {},
  options: { cache: cacheOption },
  examples: [{ command: 'enclos collateral list --json', summary: 'Print the list as JSON' }],
  exitCodes: {},
  async run({ options: { cache } }, context) {
    return { items: await listCollateral(cacheFolderOf(cache, context), context.io.now()) };
  },
  human: ({ items }, printer) => renderExamined(items, printer),
  json: (listed) => listed,
});
