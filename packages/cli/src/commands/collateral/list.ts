import { listCollateral } from './collateral.ts';
import { cacheFolderOf, cacheOption } from '../../options/collateral.ts';
import { defineCommand } from '../define.ts';
import { renderExamined } from './render.ts';

export const command = defineCommand({
  description: ['Shows each item that is kept: what, from where, how old, until when, and of which baseline.'],
  arguments: {},
  options: { cache: cacheOption },
  examples: [{ command: 'enclos collateral list --json', summary: 'For a program' }],
  exitCodes: {},
  async run({ options: { cache } }, context) {
    return { items: await listCollateral(cacheFolderOf(cache, context), context.io.now()) };
  },
  human: ({ items }, printer) => renderExamined(items, printer),
  json: (listed) => listed,
});
