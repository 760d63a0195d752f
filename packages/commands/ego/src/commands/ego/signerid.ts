import { defineCommand } from '@enclos/cli-frame';
import { signerId } from '../../signed/identity.ts';

export const command = defineCommand({
  description: ['Prints the SignerID (MRSIGNER) of a signed executable, or of a private or public key, in hex.'],
  arguments: {
    file: {
      value: 'EXECUTABLE|KEY',
      summary: 'A signed executable, or a key in PEM, whose name ends in .pem',
      required: true,
    },
  },
  options: {},
  examples: [{ command: 'enclos ego signerid helloworld', summary: 'Print it' }],
  exitCodes: {},
  run: ({ arguments: { file } }, { path }) => signerId(path(file)),
  human: (id, printer) => printer.line(id),
  json: (id) => ({ signerId: id }),
});
