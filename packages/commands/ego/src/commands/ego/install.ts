import { defineCommand } from '@enclos/cli-frame';
import { EnclosError } from '@enclos/errors';

export const command = defineCommand({
  description: [
    'EGo installs drivers and quoting services of SGX by this command.',
    'The software platform needs none of them: `enclos doctor` says what the machine lacks.',
  ],
  arguments: { component: { value: 'COMPONENT', summary: 'Refused: there are none' } },
  options: {},
  examples: [{ command: 'enclos ego install', summary: 'Say so' }],
  exitCodes: {},
  async run({ arguments: { component } }) {
    if (component === undefined) return;
    throw new EnclosError('EGO_UNSUPPORTED', `There is nothing to install for ${JSON.stringify(component)}.`, {
      next: 'Run `enclos doctor`: it says what this machine lacks for the software platform.',
    });
  },
  human(_, printer) {
    printer.line('There are no components to install: the software platform needs no driver and no quoting service.');
    printer.line('`enclos doctor` says what this machine lacks.');
  },
});
