import { basename, dirname } from 'node:path';
import { defineCommand } from '@enclos/cli-frame';
import { keygen } from './keygen.ts';
import { closedByKey } from '../../project/sealing/closed-state.ts';
import { signingKeyFile } from '../../project/sealing/key-files.ts';
import { renderClosedState } from '../../project/sealing/render.ts';

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
  async run({ arguments: { file } }, { io, path, progress, notes }) {
    const key = await progress.during('making a key', () => keygen(path(file)));
    // From now on `enclos run` signs the project in that folder with this key.
    const closed = basename(key.path) === signingKeyFile ? await closedByKey(dirname(key.path), key, io) : [];
    for (const state of closed) renderClosedState(state, 'an enclave that this key signs', notes);
    return key;
  },
  human({ path, mrSigner }, printer) {
    printer.line(`${printer.paint('green', '✔')} wrote ${path} (only you can read it)`);
    printer.line(`  MRSIGNER ${printer.paint('cyan', mrSigner)}`);
  },
  json: (key) => key,
});
