import { keygen } from './keygen.ts';
import { defineCommand } from '../define.ts';

export const command = defineCommand({
  description: [
    'Makes an RSA-3072 key with exponent 3, the only kind that signs enclaves, in a file that only this user can read.',
    'It never overwrites a file.',
    'Keep the key out of the repository: anyone who has it can make enclaves that open what yours sealed.',
  ],
  arguments: { file: { value: 'FILE', summary: 'Where the key goes', default: 'signing.key.pem' } },
  options: {},
  examples: [{ command: 'enclos keygen', summary: 'Make signing.key.pem and print its MRSIGNER' }],
  exitCodes: {},
  run: ({ arguments: { file } }, { path, progress }) => progress.during('making a key', () => keygen(path(file))),
  human({ path, mrSigner }, printer) {
    printer.line(`${printer.paint('green', '✔')} wrote ${path} (only you can read it)`);
    printer.line(`  MRSIGNER ${printer.paint('cyan', mrSigner)}`);
  },
  json: (key) => key,
});
