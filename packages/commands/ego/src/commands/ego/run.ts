import { isIP } from 'node:net';
import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { isolationOption, platformOption, stateFolderOf, stateOption } from '@enclos/cli-frame/options';
import { platformBanner } from '@enclos/cli-platform/open';
import { printable } from '@enclos/command-line';
import { egoRun } from '../../running/run.ts';

export const command = defineCommand({
  description: [
    'Runs an executable that `enclos ego sign` signed, as an enclave on a software platform that ends with it.',
    'What it writes comes out here, and its exit code is the exit code of this command.',
    'It gets the variables of its enclave.json, and of this command those that begin with EDG_.',
    'Folders of mounts are those of this folder. The executable names them, so each is said first. OE_SIMULATION makes no difference: the platform is software.',
    '',
    'Listeners are at 127.0.0.1 unless --listen-address names another address.',
    'Arguments of the program are measured, so they stand in enclave.json: "arguments": ["server", "-v"].',
  ],
  arguments: {
    executable: { value: 'EXECUTABLE', summary: 'A signed executable, or a bundle', required: true },
    more: { value: 'ARGUMENTS', summary: 'Refused: arguments stand in enclave.json', multiple: true },
  },
  options: {
    isolation: isolationOption,
    'listen-address': {
      type: 'string',
      value: 'ADDRESS',
      default: '127.0.0.1',
      summary: 'Where its listeners are: 0.0.0.0 for every address of the machine',
    },
    state: stateOption,
    platform: platformOption,
  },
  examples: [{ command: 'enclos ego run helloworld', summary: 'Run an executable that is signed' }],
  exitCodes: {
    1: 'The platform or the enclave failed. Every other code comes from the program.',
    3: 'The platform refused the image.',
  },
  async run({ arguments: { executable, more }, options }, context) {
    const { io, notes, path } = context;
    if (more.length > 0) {
      refuseUsage(
        'Arguments of an enclave are measured, so this command takes none. Put them into enclave.json, as "arguments": ["..."], and sign again. ' +
          'What the host may choose goes into a variable whose name begins with EDG_.',
      );
    }
    const listenAddress = options['listen-address'];
    if (isIP(listenAddress) === 0) refuseUsage('--listen-address takes an IP address, such as 0.0.0.0.');
    return egoRun(
      {
        executable: path(executable),
        isolation: options.isolation,
        listenAddress,
        stateFolder: stateFolderOf(options.state, context),
        platformSocket: path(options.platform),
      },
      io,
      {
        platform: (description) => platformBanner(description, notes),
        folder: ({ source, target, readOnly }) =>
          notes.line(
            `${notes.paint('yellow', 'FOLDER')} ${target}: this enclave ${readOnly ? 'reads' : 'reads and writes'} ${printable(source)}`,
          ),
        anyNetwork: () => notes.line(`${notes.paint('yellow', 'NETWORK')} ${anyNetwork}`),
      },
    );
  },
  exitCode: (exitCode) => exitCode,
});

const anyNetwork =
  'any: this enclave may connect anywhere from this machine, and listen on any of its ports, because its enclave.json says so';
