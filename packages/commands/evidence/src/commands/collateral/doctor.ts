import { defineCommand } from '@enclos/cli-frame';
import { markOf } from '@enclos/cli-frame/output';
import { printable } from '@enclos/command-line';
import { collateralDoctor } from './collateral.ts';
import { cacheFolderOf, cacheOption, offlineOption, sourceOf, sourceOptions } from '../../options/collateral.ts';
import { renderExamined } from './render.ts';

export const command = defineCommand({
  description: [
    'Shows the age, the end and the evaluation number of each item in the cache, how far that number lags the newest published one, and what to do.',
    'The published numbers come from Intel, unless --source names another pcs or pccs; with --offline, the kept numbers count.',
    '',
    'A baseline that lags is not a fault: `standard` lags `early` by months, and mirrors lag more.',
    'It tells you which platforms will be out of date when the baseline moves.',
  ],
  arguments: {},
  options: { cache: cacheOption, ...sourceOptions, offline: offlineOption },
  examples: [
    { command: 'enclos collateral doctor', summary: 'Check what is kept' },
    { command: 'enclos collateral doctor --offline --json', summary: 'For monitoring, without a network' },
  ],
  exitCodes: { 5: 'An item in the cache has expired or is not yet valid.' },
  async run({ options: { cache, offline, ...given } }, context) {
    const { io, progress } = context;
    const source = offline ? undefined : await sourceOf(given, 'pcs', context);
    return progress.during('looking at collateral', () =>
      collateralDoctor({
        cacheFolder: cacheFolderOf(cache, context),
        now: io.now,
        source,
      }),
    );
  },
  human({ items, unknownNumbers }, printer) {
    renderExamined(items, printer);
    for (const { tee, message } of unknownNumbers) {
      printer.line(
        `${markOf('warning', printer)} The evaluation numbers of ${tee} are not known: ${printable(message)}`,
      );
    }
  },
  json: (health) => health,
  exitCode: ({ healthy }) => (healthy ? 0 : 5),
});
