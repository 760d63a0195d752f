import { defineCommand } from '@enclos/cli-frame';
import { uniqueId } from '../../signed/identity.ts';

export const command = defineCommand({
  description: ['Prints the UniqueID (MRENCLAVE) of a signed executable, in hex.'],
  arguments: { file: { value: 'EXECUTABLE', summary: 'A signed executable', required: true } },
  options: {},
  examples: [{ command: 'enclos ego uniqueid helloworld', summary: 'Print it' }],
  exitCodes: {},
  run: ({ arguments: { file } }, { path }) => uniqueId(path(file)),
  human: (id, printer) => printer.line(id),
  json: (id) => ({ uniqueId: id }),
});
