import { defineCommand } from '@enclos/cli-frame';
import { egoBundle } from '../../signed/bundle.ts';

export const command = defineCommand({
  description: [
    'Writes one file that runs a signed executable when it is called: EXECUTABLE-bundle, or the name that is given.',
    'It needs `enclos` and Node on the machine, which a bundle of EGo carries with it; for one without, use `enclos image build`.',
  ],
  arguments: {
    executable: { value: 'EXECUTABLE', summary: 'A signed executable', required: true },
    output: { value: 'OUTPUT', summary: 'The file to write' },
  },
  options: {},
  examples: [{ command: 'enclos ego bundle helloworld', summary: 'Write helloworld-bundle' }],
  exitCodes: {},
  run: ({ arguments: { executable, output } }, { path }) => egoBundle(path(executable), path(output)),
  human: (bundle, printer) => printer.line(`Saved bundle as: ${bundle}`),
  json: (bundle) => ({ bundle }),
});
