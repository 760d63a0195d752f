import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { isolationOption } from '@enclos/cli-frame/options';
import { printable, wholeNumberIn } from '@enclos/command-line';
import { debug } from './debug.ts';
import { platformBanner } from '@enclos/cli-platform/open';
import { runNotes } from '../../project/render.ts';
import { projectOptions, projectRun } from '../../project/options.ts';

export const command = defineCommand({
  description: [
    'Builds a debug enclave, runs the host program as `enclos run` does, and gives the inspector of the enclave to Chrome DevTools, VS Code and other debuggers of the Chrome DevTools Protocol: breakpoints in the TypeScript sources, local variables, profiles.',
    'While a debugger can attach, calls have no deadline.',
    '',
    'The enclave stays in its isolation, without sockets or network.',
    'Its messages go through a descriptor to this command, which listens only on 127.0.0.1, at an address with a random token.',
    'Anyone who has that address can read and change everything in the enclave: a debug enclave keeps no secrets.',
    'A production enclave never gets an inspector.',
  ],
  arguments: { folder: { value: 'FOLDER', summary: 'The folder of enclave.json', default: '.' } },
  options: {
    port: { type: 'string', value: 'PORT', default: '9229', summary: 'The port on 127.0.0.1; 0 for any free one' },
    wait: {
      type: 'boolean',
      summary: 'Hold the enclave until a debugger attaches, and pause at its first statement',
    },
    discoverable: {
      type: 'boolean',
      summary:
        'List the enclave at /json for chrome://inspect and attaching by port: everyone on this machine can then debug it',
    },
    isolation: isolationOption,
    ...projectOptions,
  },
  rest: { value: 'ARGUMENTS', summary: 'Arguments of the host program' },
  examples: [
    { command: 'enclos debug', summary: 'Debug the project in this folder' },
    { command: 'enclos debug --wait', summary: 'Set breakpoints before any code of the enclave has run' },
    {
      command: 'enclos debug --port 0 --isolation=best -- --verbose',
      summary: 'Use any free port, with arguments for the host',
    },
  ],
  exitCodes: {
    1: 'The platform or the enclave failed. Every other code comes from the host program.',
    3: 'The platform refused the image or its interpreter.',
  },
  async run(input, context) {
    const { io, notes } = context;
    const { note, events, running } = runNotes(context);
    return debug(
      {
        ...projectRun(input, context),
        port: parsePort(input.options.port),
        wait: input.options.wait,
        discoverable: input.options.discoverable,
      },
      io,
      {
        ...events,
        running,
        platform(description, lost) {
          platformBanner({ ...description, layers: [...description.layers, lost] }, notes);
          notes.line(`${notes.paint('yellow', 'NO INSPECTOR ISOLATION')} ${printable(lost.detail)}`);
        },
        listening: (listUrl) => note(`debuggers find the enclaves at ${listUrl}`),
        inspected({ name, mrEnclave }, { webSocketUrl, devtoolsUrl }) {
          note(`a debugger can attach to ${name}, MRENCLAVE ${mrEnclave}`);
          notes.line(`  Chrome   ${notes.paint('cyan', devtoolsUrl)}`);
          notes.line(`  VS Code  "websocketAddress": "${notes.paint('cyan', webSocketUrl)}"`);
        },
      },
    );
  },
  exitCode: ({ exitCode }) => exitCode,
});

/** @throws CLI_USAGE */
function parsePort(text: string): number {
  const port = wholeNumberIn(text, { least: 0, most: 65_535 });
  return port ?? refuseUsage(`--port is a port from 0 to 65535, not ${JSON.stringify(text)}.`);
}
