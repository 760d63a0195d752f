import { defineCommand } from '@enclos/cli-frame';
import { cHeader } from '../../c-header/c-header.ts';
import { outOptions } from '../../interfaces/options.ts';
import { renderMade, writeOut } from '../../interfaces/write-out.ts';

export const command = defineCommand({
  description: [
    'Prints the C header of Enclos, or writes it to a file: reports, quotes, keys and sealing for programs in C99 and C++.',
    'It is one file without a library. A static program that includes it runs with `enclos run FILE`.',
  ],
  arguments: {},
  options: { out: outOptions.out },
  examples: [{ command: 'enclos c-header --out enclos.h', summary: 'Write it beside your sources' }],
  exitCodes: {},
  run: async ({ options: { out } }, { path }) => writeOut(await cHeader(), path(out), false),
  human: renderMade,
  json: (made) => made,
});
