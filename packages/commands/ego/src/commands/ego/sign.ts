import { defineCommand } from '@enclos/cli-frame';
import { egoSign } from '../../signed/sign.ts';

export const command = defineCommand({
  description: [
    'Signs an executable that `enclos go build` built, by the enclave.json of EGo: the one that is named, or the one in this folder.',
    'For an executable without one, it writes enclave.json: a debug enclave with 512 MB. A key that is missing is made, as private.pem and public.pem.',
    'The signature goes into the executable, which still runs outside an enclave.',
    '.enclos beside enclave.json gets the same as NAME.sgxs and NAME.sig, for `enclos inspect` and every other command.',
    '',
    'The keys "network", "listen", "connect" and "arguments" are ours. Without them a program opens no connections beyond itself.',
  ],
  arguments: { file: { value: 'EXECUTABLE|CONFIG', summary: 'What to sign; without it, enclave.json says' } },
  options: {},
  examples: [
    { command: 'enclos ego sign helloworld', summary: 'Sign with a new key and a new enclave.json' },
    { command: 'enclos ego sign', summary: 'Sign what enclave.json names' },
  ],
  exitCodes: {},
  run: ({ arguments: { file } }, { io, path }) =>
    egoSign({
      file: path(file),
      folder: io.cwd,
      date: io.now(),
      sourceDateEpoch: io.env['SOURCE_DATE_EPOCH'],
      onNewFile: (name) => io.stderr.write(`Generating new ${name}\n`),
    }),
  human({ executable, mrEnclave, mrSigner, debug, network }, printer) {
    printer.line(`${printer.paint('green', '✔')} signed ${executable}`);
    printer.line(`  UniqueID  ${printer.paint('cyan', mrEnclave)}`);
    printer.line(`  SignerID  ${printer.paint('cyan', mrSigner)}`);
    if (debug) printer.line('  a debug enclave: it keeps no secrets');
    if (network === 'any') printer.line('  its host may connect it anywhere, and listens on any port that it asks for');
  },
  json: (outcome) => outcome,
});
