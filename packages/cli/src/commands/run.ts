import type { PlatformDescription } from '@enclos/tee';
import { run } from '../actions/run.ts';
import { defineCommand } from '../command.ts';
import { printable, type Printer } from '../render/printer.ts';
import { renderWarnings } from '../render/warnings.ts';
import { stateFolderOf, stateOption } from '../state-option.ts';

export const command = defineCommand({
  description:
    'Builds the enclave, signs it, starts a software platform and runs the host program on it. The host program gets image, signature and platform through `fromEnvironment()` of @enclos/host. Signals go to it, and its exit code is the exit code of this command.\n\nThe key is signing.key.pem of the project. Without one, a development key is made in .enclos.\n\nThe platform is software: it gives the real rules of SGX and a process of its own, and no confidentiality against the owner of the machine.',
  arguments: { folder: { value: 'FOLDER', summary: 'The folder of enclave.json', default: '.' } },
  options: {
    isolation: {
      type: 'string',
      value: 'MODE',
      choices: ['strict', 'best'],
      default: 'strict',
      summary: 'strict starts only with every layer of isolation, best with those that the machine has',
    },
    debug: {
      type: 'boolean',
      summary: 'Build and run a debug enclave, whose errors are readable and whose secrets are not safe',
    },
    host: { type: 'string', value: 'FILE', default: 'src/host.ts', summary: 'The host program' },
    key: { type: 'string', value: 'FILE', summary: 'Sign with this key' },
    state: stateOption,
    platform: { type: 'string', value: 'SOCKET', summary: 'Use a platform that `enclos platform serve` runs' },
  },
  rest: { value: 'ARGUMENTS', summary: 'Arguments of the host program' },
  examples: [
    { command: 'enclos run', summary: 'Build and run the project in this folder' },
    {
      command: 'enclos run --isolation=best -- --port 8080',
      summary: 'On a machine that lacks a layer, with arguments for the host',
    },
  ],
  exitCodes: {
    1: 'The platform or the enclave failed. Every other code comes from the host program.',
    3: 'The platform refused the image or its interpreter.',
  },
  async run({ arguments: { folder }, options, rest }, context) {
    const { io, notes, path, progress } = context;
    const note = (text: string): void => notes.line(`${notes.paint('dim', 'enclos:')} ${printable(text)}`);
    return run(
      {
        folder: path(folder),
        isolation: options.isolation,
        debug: options.debug,
        host: options.host,
        args: rest,
        stateFolder: stateFolderOf(options.state, context),
        ...(options.key === undefined ? {} : { keyFile: path(options.key) }),
        ...(options.platform === undefined ? {} : { platformSocket: path(options.platform) }),
      },
      io,
      {
        during: (label, work) => progress.during(label, work),
        built({ name, mrEnclave, durationMs, warnings }) {
          note(`built ${name} in ${durationMs} ms, MRENCLAVE ${mrEnclave}`);
          renderWarnings(warnings, notes);
        },
        newKey: (file) => note(`made a development key, ${file}; make your own with enclos keygen`),
        warnings: (warnings) => renderWarnings(warnings, notes),
        platform: (description) => banner(description, notes),
      },
    );
  },
  exitCode: ({ exitCode }) => exitCode,
});

function banner({ layers }: PlatformDescription, notes: Printer): void {
  const missing = layers.filter(({ active }) => !active).map(({ name }) => name);
  const isolation = missing.length === 0 ? 'isolation complete' : `isolation without ${missing.join(', ')}`;
  notes.line(
    `${notes.paint('yellow', 'SIMULATION')} software platform: the rules of SGX, not confidentiality against this machine's owner; ${printable(isolation)}`,
  );
}
